/* An HTTP server that records its own service times, exactly.
 *
 *     truth_server RECORD MIN_US MAX_US FREEZE_AFTER_MS FREEZE_FOR_MS
 *
 * Every request is answered after a wait, uniform between MIN_US and MAX_US. Waits are timers, so that any number of
 * requests is in flight on one thread. FREEZE_AFTER_MS after the first request (0: never) the process does nothing at
 * all for FREEZE_FOR_MS.
 *
 * A request's service time is from the kernel's receipt of its last byte (SO_TIMESTAMPNS, so that the time for which
 * it waited to be read is the service's) to the moment right before send() of the answer, both on CLOCK_REALTIME.
 *
 * Standard output: the port; after SIGTERM one more line "REQUESTS UNSTAMPED FREEZE_BEGIN_NS FREEZE_END_NS". RECORD
 * then holds one pair of 64-bit integers for each request, in the order of the answers: received, answered.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MAX_FDS 16384
#define MAX_RECORDS (8 * 1000 * 1000)
#define EVENTS 256

typedef struct { int64_t received, answered; } record;
typedef struct { int64_t due; int64_t received; int fd; uint32_t generation; } answer;

static record *records;
static long recorded, unstamped;
static answer heap[MAX_FDS];
static int waiting;
static uint32_t generation[MAX_FDS]; /* of the connection that has this descriptor now */
static uint8_t matched[MAX_FDS];     /* how much of the empty line that ends a request was seen */
static int64_t min_ns, spread_ns, freeze_after, freeze_for, freeze_at, freeze_begin, freeze_end;
static volatile sig_atomic_t ended;

static int64_t now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void check(int result, const char *what) {
    if (result < 0) {
        perror(what);
        exit(1);
    }
}

static void on_term(int signal) {
    (void)signal;
    ended = 1;
}

static uint64_t random_bits(void) { /* xorshift64: the same waits in every run */
    static uint64_t state = 88172645463325252ULL;
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

static void push(answer one) {
    int at = waiting++;
    if (waiting > MAX_FDS - 1) {
        fprintf(stderr, "too many requests in flight\n");
        exit(1);
    }
    for (int up; at > 0 && heap[up = (at - 1) / 2].due > one.due; at = up) heap[at] = heap[up];
    heap[at] = one;
}

static answer pop(void) {
    answer first = heap[0], last = heap[--waiting];
    int at = 0;
    for (int down; (down = 2 * at + 1) < waiting; at = down) {
        if (down + 1 < waiting && heap[down + 1].due < heap[down].due) down++;
        if (heap[down].due >= last.due) break;
        heap[at] = heap[down];
    }
    heap[at] = last;
    return first;
}

static void answer_due(void) {
    char text[512];
    while (waiting && heap[0].due <= now(CLOCK_MONOTONIC)) {
        answer one = pop();
        if (generation[one.fd] != one.generation) continue; /* the client is gone */
        int length = snprintf(text, sizeof text,
                              "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 32\r\n\r\n"
                              "{\"number\": %020ld}", recorded);
        if (recorded == MAX_RECORDS) {
            fprintf(stderr, "too many requests to record\n");
            exit(1);
        }
        record *r = &records[recorded++];
        r->received = one.received;
        r->answered = now(CLOCK_REALTIME);
        if (send(one.fd, text, length, MSG_NOSIGNAL) != length) recorded--; /* reset by the client: no answer */
    }
}

static void read_request(int fd) {
    static char data[65536];
    char control[256];
    struct iovec part = {data, sizeof data};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (length <= 0) {
        generation[fd]++;
        close(fd);
        return;
    }
    int64_t received = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec t;
            memcpy(&t, CMSG_DATA(c), sizeof t);
            received = t.tv_sec * 1000000000LL + t.tv_nsec;
        }
    }
    if (!received) {
        unstamped++;
        received = now(CLOCK_REALTIME);
    }
    for (ssize_t i = 0; i < length; i++) {
        int m = matched[fd];
        matched[fd] = data[i] == "\r\n\r\n"[m] ? m + 1 : data[i] == '\r';
        if (matched[fd] < 4) continue;
        matched[fd] = 0;
        int64_t start = now(CLOCK_MONOTONIC);
        if (freeze_after && !freeze_at) freeze_at = start + freeze_after;
        int64_t wait = min_ns + (spread_ns ? (int64_t)(random_bits() % (uint64_t)spread_ns) : 0);
        push((answer){start + wait, received, fd, generation[fd]});
    }
}

static void accept_all(int listener, int poll) {
    int fd, one = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= MAX_FDS) {
            fprintf(stderr, "too many connections\n");
            exit(1);
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
        matched[fd] = 0;
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        check(epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
    }
}

static void freeze_if_due(void) {
    if (!freeze_at || freeze_begin || now(CLOCK_MONOTONIC) < freeze_at) return;
    freeze_begin = now(CLOCK_REALTIME);
    int64_t until = now(CLOCK_MONOTONIC) + freeze_for;
    struct timespec t = {until / 1000000000LL, until % 1000000000LL};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR && !ended) continue;
    freeze_end = now(CLOCK_REALTIME);
}

static void arm(int timer) { /* for the next answer or the freeze, whichever comes first; 0 disarms */
    static int64_t armed;
    int64_t next = waiting ? heap[0].due : 0;
    if (freeze_at && !freeze_begin && (!next || freeze_at < next)) next = freeze_at;
    if (next == armed) return;
    armed = next;
    struct itimerspec at = {.it_value = {next / 1000000000LL, next % 1000000000LL}};
    check(timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL), "timerfd_settime");
}

static void serve(int listener) {
    struct epoll_event events[EVENTS], event = {.events = EPOLLIN};
    int poll = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    check(poll, "epoll_create1");
    check(timer, "timerfd_create");
    event.data.fd = listener;
    check(epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event), "epoll_ctl");
    event.data.fd = timer;
    check(epoll_ctl(poll, EPOLL_CTL_ADD, timer, &event), "epoll_ctl");
    while (!ended) {
        int count = epoll_wait(poll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            uint64_t fired;
            if (fd == listener) accept_all(listener, poll);
            else if (fd == timer) (void)!read(timer, &fired, sizeof fired);
            else read_request(fd);
        }
        freeze_if_due();
        answer_due();
        arm(timer);
    }
}

int main(int count, char **arguments) {
    if (count != 6) return 2;
    min_ns = atoll(arguments[2]) * 1000;
    spread_ns = atoll(arguments[3]) * 1000 - min_ns;
    freeze_after = atoll(arguments[4]) * 1000000;
    freeze_for = atoll(arguments[5]) * 1000000;
    records = calloc(MAX_RECORDS, sizeof *records); /* the kernel gives pages when they are written */
    struct rlimit files = {MAX_FDS, MAX_FDS};
    setrlimit(RLIMIT_NOFILE, &files);
    struct sigaction action = {.sa_handler = on_term};
    sigaction(SIGTERM, &action, NULL);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    check(listener, "socket");
    setsockopt(listener, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one); /* connections inherit it */
    check(bind(listener, (struct sockaddr *)&address, sizeof address), "bind");
    check(listen(listener, 4096), "listen");
    check(getsockname(listener, (struct sockaddr *)&address, &size), "getsockname");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    serve(listener);
    int file = open(arguments[1], O_WRONLY | O_CREAT | O_TRUNC, 0644);
    check(file, arguments[1]);
    for (size_t done = 0, all = recorded * sizeof *records; done < all;) {
        ssize_t wrote = write(file, (char *)records + done, all - done);
        check(wrote < 0 ? -1 : 0, "write");
        done += wrote;
    }
    printf("%ld %ld %lld %lld\n", recorded, unstamped, (long long)freeze_begin, (long long)freeze_end);
    return 0;
}
