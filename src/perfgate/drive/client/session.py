"""The client of a user: the interface of Locust's sessions, each request recorded through the `request` event."""

from __future__ import annotations

from contextlib import contextmanager
from time import perf_counter_ns, time_ns
from typing import TYPE_CHECKING, Any, Self, Unpack

from gevent import GreenletExit
from locust.event import EventHook

from perfgate.drive.client.agent import Agent
from perfgate.drive.client.body import NO_BODY, encode_body
from perfgate.drive.client.clock import Timing
from perfgate.drive.client.compose import compose, plain_call
from perfgate.drive.client.courier import Courier
from perfgate.drive.client.errors import ClientError, CutShortError
from perfgate.drive.client.options import NO_WISHES, Wishes
from perfgate.drive.client.response import Response
from perfgate.drive.client.settings import Settings
from perfgate.drive.unrecorded import LOST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from perfgate.drive.client.body import Body
    from perfgate.drive.client.call import Call
    from perfgate.drive.client.options import BodyOptions, NamedOptions, Options


class Session(Settings):
    """Sends requests, keeps cookies and connections, and records every request.

    Args:
        base_url: what paths are appended to; `unix:///path` is a Unix socket.
        event: Locust's `request` event.
        context: gives the user's context for each request; None when it has none.
        user: whose client it is.

    Attributes:
        user: whose client it is; None where it is used by itself.
        request_name: what requests are recorded as, while it is set.
        hooks: `{"response": [callable, ...]}`, called with each response before it is recorded.
    """

    def __init__(
        self,
        base_url: str,
        event: EventHook,
        context: Callable[[], Mapping[str, Any]] | None = None,
        user: Any = None,
    ) -> None:
        super().__init__(base_url)
        self._event = event
        self._context = context
        # Telling the recorder directly does what the event does, unless someone has changed what that is.
        self._is_usual = context is None and type(event) is EventHook and "fire" not in vars(event)
        self._courier = Courier(self)
        self.user = user
        self.request_name: str | None = None
        self.hooks: dict[str, Any] = {"response": []}

    def request(  # noqa: PLR0913  (Locust's signature)
        self,
        method: str,
        url: str,
        name: str | None = None,
        catch_response: bool = False,
        context: Mapping[str, Any] | None = None,
        *,
        data: Any = None,
        json: Any = None,
        **options: Unpack[Options],
    ) -> Response:
        """Send a request and record it.

        Args:
            method: the HTTP method.
            url: a path, or an absolute URL.
            name: what it is recorded as; the path with its query otherwise.
            catch_response: record at the end of a with-block, where `success()` and `failure()` decide.
            context: added to the user's context in the `request` event.
            data: the body: a mapping or pairs for a form, text, bytes, a file, or an iterator to send in chunks.
            json: the body, as JSON.
            options: see `Wishes`.

        Returns:
            The response; also when there was none, with `status_code` 0 and `error` set: a failure is recorded, and
            raised by nothing but `raise_for_status()`.
        """
        started = perf_counter_ns()
        method = method.upper()
        call: Call | None = None
        body = NO_BODY
        try:
            wishes = Wishes(**options) if options else NO_WISHES
            defaults = self._defaults
            if defaults is None or self._headers.version != self._headers_version:
                defaults = self.defaults()
            if data is None and json is None and wishes is NO_WISHES and self._is_simple:
                call = plain_call(defaults, method, url)
            else:
                body = encode_body(data, json, wishes.files)
                call, body = compose(defaults, method, url, wishes, body)
            response = self._courier.deliver(call, body, wishes)
        except ClientError as error:
            response = _no_response(call, body, error, perf_counter_ns() - started)
            self._courier.pool.tell(response.timing)
        except (Exception, GreenletExit):  # the scenario's own mistake; or the user was stopped
            raise
        except BaseException as cut:  # a timeout of the scenario's own: the service has read the request
            self._record_cut_short(cut, call, body, name or self.request_name, perf_counter_ns() - started)
            raise
        if self.hooks["response"] or options:
            response = self._run_hooks(response, options.get("hooks"))
        chosen = name or self.request_name
        name = chosen or (call.path if call else url)
        response.name, response.has_own_name = name, bool(chosen)
        failure = response.failure_as(name) if response.error or not 200 <= response.status_code < 400 else None
        url = call.url if call else self._absolute(url)
        listeners = self._event._handlers  # noqa: SLF001
        if len(listeners) == 1 and self._is_usual and not catch_response:
            # By far the most common: the recorder is the only one to be told, and needs no keyword arguments.
            take = getattr(listeners[0], "take_request", None)
            if take is not None:
                take(method, name, response.timing, response.length, failure, response, url)
                return response
        meta = response.meta(method, failure, url, self._context_with(context) if self._context or context else {})
        if catch_response:
            response.recorded_by(self._event.fire, meta)
        else:
            self._event.fire(**meta)
        return response

    def _absolute(self, url: str) -> str:
        """What was meant by a URL that could not be requested."""
        return url if "://" in url else f"{self.base_url}{url}"

    def _record_cut_short(
        self, cut: BaseException, call: Call | None, body: Body, name: str | None, elapsed_ns: int
    ) -> None:
        if call is None:
            return
        response = _no_response(call, body, CutShortError(f"the scenario gave up waiting: {cut!r}"), elapsed_ns)
        response.name, response.has_own_name = name or call.path, bool(name)
        context = self._context_with(None) if self._context else {}
        self._event.fire(**response.meta(call.method, response.error, call.url, context))

    def _run_hooks(self, response: Response, own: Any) -> Response:
        hooks = (own or {}).get("response") or []
        try:
            for hook in (*self.hooks["response"], *([hooks] if callable(hooks) else hooks)):
                response = hook(response) or response
        except BaseException as error:
            LOST.leave(error)
            raise
        return response

    def _context_with(self, context: Mapping[str, Any] | None) -> dict[str, Any]:
        return {**(self._context() if self._context else {}), **(context or {})}

    def get(self, url: str, **options: Unpack[BodyOptions]) -> Response:
        """Send a GET; see `request`."""
        return self.request("GET", url, **options)

    def options(self, url: str, **options: Unpack[BodyOptions]) -> Response:
        """Send an OPTIONS; see `request`."""
        return self.request("OPTIONS", url, **options)

    def head(self, url: str, **options: Unpack[BodyOptions]) -> Response:
        """Send a HEAD; see `request`. Redirects are followed only when asked for."""
        options.setdefault("allow_redirects", False)
        return self.request("HEAD", url, **options)

    def post(self, url: str, data: Any = None, json: Any = None, **options: Unpack[NamedOptions]) -> Response:
        """Send a POST; see `request`."""
        return self.request("POST", url, data=data, json=json, **options)

    def put(self, url: str, data: Any = None, *, json: Any = None, **options: Unpack[NamedOptions]) -> Response:
        """Send a PUT; see `request`."""
        return self.request("PUT", url, data=data, json=json, **options)

    def patch(self, url: str, data: Any = None, *, json: Any = None, **options: Unpack[NamedOptions]) -> Response:
        """Send a PATCH; see `request`."""
        return self.request("PATCH", url, data=data, json=json, **options)

    def delete(self, url: str, **options: Unpack[BodyOptions]) -> Response:
        """Send a DELETE; see `request`."""
        return self.request("DELETE", url, **options)

    def iter_lines(self, url: str, method: str = "GET", **options: Unpack[BodyOptions]) -> Iterator[str]:
        """Send a request and give the lines of its answer as they come, as FastHttpUser's client does.

        Raises:
            ClientError: there was no answer, or its status is 400 or more.
        """
        options["stream"] = True
        response = self.request(method, url, **options)
        response.raise_for_status()
        yield from response.iter_lines(decode_unicode=True)

    @contextmanager
    def rename_request(self, name: str) -> Iterator[None]:
        """Record all requests of the with-block as `name`."""
        self.request_name = name
        try:
            yield
        finally:
            self.request_name = None

    @property
    def request_event(self) -> EventHook:
        """Locust's `request` event, which each request fires."""
        return self._event

    @property
    def client(self) -> Agent:
        """What FastHttpUser's client has under this name: the connections and what they share."""
        return Agent(self)

    def close(self) -> None:
        """Close the connections that are kept."""
        self._courier.pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _no_response(call: Call | None, body: Body, error: ClientError, elapsed_ns: int) -> Response:
    """What stands in for the answer that did not come."""
    response = Response(call, body, 0, b"", None)
    response.error = error
    now_ns = time_ns()
    response.timing = Timing(now_ns - elapsed_ns, now_ns)
    return response
