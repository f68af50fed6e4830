"""What can go wrong with a request: each kind of failure is a class, and `kind` is what failures are grouped by.

They derive from the exceptions of requests as well, so that a scenario's `except requests.exceptions.ConnectionError`
keeps working; they are never errors of perfgate, so they are no `PerfgateError`.
"""

from __future__ import annotations

import errno
import ssl

from requests import exceptions


class ClientError(exceptions.RequestException):
    """Base of all failures of a request.

    Attributes:
        kind: what failures are grouped by, a short text without anything that changes from request to request.
    """

    kind = "request failed"

    def __init__(self, message: str, *, kind: str = "") -> None:
        super().__init__(message)
        if kind:
            self.kind = kind

    @property
    def original(self) -> BaseException:
        """What the system said, under the name that FastHttpUser's errors have for it; else this error itself."""
        return self.__cause__ or self


class InvalidRequestError(ClientError, exceptions.InvalidURL):
    """The request cannot be sent as it was given: no scheme, a line break in a header value, a bad method."""

    kind = "invalid request"


class ConnectError(ClientError, exceptions.ConnectionError):
    """No connection: the name is unknown, nobody listens, the network is unreachable, or the host is refused."""

    kind = "connect"


class TlsError(ClientError, exceptions.SSLError):
    """The TLS handshake failed; `tls certificate` when the server's certificate is not trusted."""

    kind = "tls"


class ProxyError(ClientError, exceptions.ProxyError):
    """The proxy did not open the tunnel."""

    kind = "proxy"


class AnswerTimeoutError(ClientError, exceptions.ReadTimeout):
    """The answer was not complete within the timeout."""

    kind = "timeout"

    @property
    def original(self) -> BaseException:
        """A `socket.timeout`, which it is in FastHttpUser's client."""
        return self.__cause__ or TimeoutError(str(self))


class CutShortError(ClientError, exceptions.ReadTimeout):
    """The scenario gave up waiting by a timeout of its own, when the service had read the request."""

    kind = "cut short by the scenario"


class ConnectTimeoutError(ConnectError, exceptions.ConnectTimeout):
    """The connection, name look-up and TLS handshake included, did not stand within its timeout."""

    kind = "connect timeout"

    @property
    def original(self) -> BaseException:
        """As that of a timeout within an exchange."""
        return self.__cause__ or TimeoutError(str(self))


class ClosedEarlyError(ClientError, exceptions.ChunkedEncodingError, exceptions.ConnectionError):
    """The server closed the connection before the answer was complete."""

    kind = "closed early"


class UnreadError(ClosedEarlyError):
    """A kept connection had been closed before the service could have read one byte: sending again is no second try.

    Attributes:
        sent_ns: when the request was first sent, on the realtime clock.
    """

    def __init__(self, message: str, sent_ns: int) -> None:
        super().__init__(message)
        self.sent_ns = sent_ns


class UnsolicitedError(ClientError, exceptions.ChunkedEncodingError):
    """The service sent something that is not the answer to this request: which answer is whose cannot be told.

    Attributes:
        sent_ns: when the request was sent, on the realtime clock.
    """

    kind = "unsolicited answer"

    def __init__(self, message: str, sent_ns: int) -> None:
        super().__init__(message)
        self.sent_ns = sent_ns


class BadResponseError(ClientError, exceptions.ContentDecodingError):
    """The answer is not HTTP, or breaks a limit; `kind` says which."""

    kind = "malformed response"


class TooManyRedirectsError(ClientError, exceptions.TooManyRedirects):
    """More redirects than the session allows."""

    kind = "too many redirects"


class HttpError(ClientError, exceptions.HTTPError):
    """The answer's status is none of a success (200 to 399); `kind` is `HTTP` and the status."""

    def __init__(self, status: int, reason: str, url: str) -> None:
        super().__init__(f"{status} {reason} for url {url}".replace("  ", " "), kind=f"HTTP {status}")


def connect_error(error: OSError | ValueError, where: str) -> ConnectError:
    """Wrap what the socket said when connecting.

    An error that carries a `kind` of its own (a refused host) keeps it; otherwise the kind is the name of the
    exception, or the name of the error number where Python has no class for it.
    """
    name = type(error).__name__
    if isinstance(error, OSError) and type(error) is OSError and error.errno is not None:
        name = errno.errorcode.get(error.errno, name)
    kind = getattr(error, "kind", None)
    wrapped = ConnectError(f"cannot connect to {where}: {error}", kind=kind or f"connect: {name}")
    wrapped.__cause__ = error
    return wrapped


def tls_error(error: OSError, where: str) -> TlsError:
    """Wrap what the TLS library said during the handshake."""
    if isinstance(error, ssl.SSLCertVerificationError):
        text, kind = f"the certificate of {where} is not trusted: {error.verify_message}", "tls certificate"
    else:
        text, kind = f"TLS handshake with {where} failed: {error}", "tls"
    wrapped = TlsError(text, kind=kind)
    wrapped.__cause__ = error
    return wrapped
