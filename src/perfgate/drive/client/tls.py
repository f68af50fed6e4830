"""TLS over a `Link`: `ssl.MemoryBIO` does the cryptography, so that the raw reads keep their kernel stamps."""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path

from certifi import where

from perfgate.drive.client.errors import ClosedEarlyError, InvalidRequestError
from perfgate.drive.client.link import Idle, Link, state_by

Verify = bool | str
Cert = str | tuple[str, str] | None
_READ = 16 * 1024  # the most that a record holds, and what one read gives at most (RFC 8446, section 5.1)


@lru_cache(maxsize=64)
def tls_context(verify: Verify, cert: Cert) -> ssl.SSLContext:
    """A context for clients, shared by all users that ask for the same.

    Args:
        verify: True trusts certifi's authorities, as requests does; a path names a bundle or a folder of others;
            False trusts every certificate.
        cert: the client's certificate: a PEM file with certificate and key, or a pair (certificate, key).

    Raises:
        InvalidRequestError: when a file is missing or is not what it should be.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if verify:
            bundle = where() if verify is True else verify
            context.load_verify_locations(*((None, bundle) if Path(bundle).is_dir() else (bundle, None)))
        else:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if cert:
            context.load_cert_chain(*((cert, None) if isinstance(cert, str) else cert))
    except OSError as error:  # ssl.SSLError is one
        text = f"verify={verify!r}, cert={cert!r} cannot be used: {error}"
        raise InvalidRequestError(text, kind="tls files") from error
    context.set_alpn_protocols(["http/1.1"])
    return context


class TlsLink(Link):
    """A connected stream under TLS.

    Its `stamp_ns` is that of the raw read which brought the last of the bytes that `receive` returned.
    """

    __slots__ = ("_incoming", "_more", "_outgoing", "_tls")

    _tls: ssl.SSLObject
    _incoming: ssl.MemoryBIO
    _outgoing: ssl.MemoryBIO
    _more: bool

    def handshake(self, context: ssl.SSLContext, server_name: str) -> None:
        """Agree on keys and check the certificate; bound it from outside with a gevent timeout.

        Raises:
            OSError: as TLS (`ssl.SSLError`) or the socket says it.
        """
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._more = False
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        while not self._try_handshake():
            data = super().receive()
            if not data:
                raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "the server closed the connection during the handshake")
            self._incoming.write(data)

    def _try_handshake(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        finally:  # also after a failure: the server is told why by an alert
            self._flush()
        return True

    def _flush(self) -> None:
        if self._outgoing.pending:
            super().send(self._outgoing.read())

    def seal(self, data: bytes) -> bytes:
        """Encrypt `data`, so that the clock can be read between this and the sending."""
        written = self._tls.write(data) if data else 0
        while written < len(data):
            written += self._tls.write(memoryview(data)[written:])
        return self._outgoing.read()

    def receive(self) -> bytes:
        """Wait for the next decrypted bytes; empty at the end of the stream.

        Raises:
            OSError: the connection was reset, or the records are damaged.
            AnswerTimeoutError: the deadline has passed.
        """
        while True:
            if not self._more:
                raw = Link.receive(self)
                if not raw:
                    return b""
                self._incoming.write(raw)
                self._more = True
            data = self._read()
            if data is not None:
                return data

    def rest(self) -> Idle:
        """As for every link; asked once, as it takes the records in.

        Those without content (session tickets, new keys) say nothing; the alert that ends the stream is no answer.
        """
        if self.is_closed:
            return "closed"
        if not self._more:
            return "quiet"
        try:
            data = self._read()
        except ClosedEarlyError:  # damaged: of no use any more, but the answer before it was whole
            return "closed"
        return "quiet" if data is None else state_by(data)

    def peeked(self) -> Idle:
        """As for every link; records without content (session tickets, new keys) are taken in, and say nothing."""
        while True:
            try:
                if self._more and (data := self._read()) is not None:
                    return state_by(data)
                raw = self._socket.recv(_READ)
            except BlockingIOError:
                return "quiet"
            except OSError:  # damaged records, too
                return "closed"
            if not raw:
                return "closed"
            self._incoming.write(raw)
            self._more = True

    def _read(self) -> bytes | None:
        """Decrypt what has come; None when that is no whole record yet."""
        try:
            data = self._tls.read(_READ)
        except ssl.SSLWantReadError:
            self._more = False
            self._flush()
            return None
        except ssl.SSLZeroReturnError:
            return b""
        except ssl.SSLError as error:
            raise ClosedEarlyError(f"the TLS records are damaged: {error}", kind="tls record") from error
        self._more = bool(self._incoming.pending or self._tls.pending())
        return data
