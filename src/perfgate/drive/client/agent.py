"""What a scenario written for FastHttpUser reaches through `self.client.client`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perfgate.drive.client.cookies import SessionCookies
    from perfgate.drive.client.headers import SessionHeaders
    from perfgate.drive.client.session import Session


class ClientPool:
    """The session's connections, under the name that geventhttpclient has for them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def close(self) -> None:
        """Close the connections that are kept: the next request opens one."""
        self._session.close()


class Agent:
    """As much of geventhttpclient's `UserAgent` as means something here.

    Attributes:
        clientpool: the connections.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.clientpool = ClientPool(session)

    @property
    def cookiejar(self) -> SessionCookies:
        """The session's jar."""
        return self._session.cookies

    @property
    def default_headers(self) -> SessionHeaders:
        """Sent with every request."""
        return self._session.headers

    @property
    def max_redirects(self) -> int:
        """More are a failure."""
        return self._session.max_redirects

    @max_redirects.setter
    def max_redirects(self, most: int) -> None:
        self._session.max_redirects = most

    def close(self) -> None:
        """Close the connections that are kept."""
        self._session.close()
