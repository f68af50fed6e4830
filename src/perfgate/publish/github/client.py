"""GitHub's API through PyGithub: every request is bounded, is sent again where that helps, and fails in clear words."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from perfgate.errors import PerfgateError, UsageError
from perfgate.publish.github.patience import Patience, pause

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from github import Github
    from github.GithubException import GithubException
    from github.Repository import Repository

API_URL = "https://api.github.com"
TIMEOUT_S = 20
PAGE = 100  # as many as GitHub gives at once

T = TypeVar("T")


class GitHubError(PerfgateError):
    """GitHub could not be told. It never changes a verdict."""

    slug = "github"


@dataclass
class Client:
    """One repository on GitHub.

    Args:
        token: what the API is asked with.
        repository: `owner/name`.
        url: of the API; another one for GitHub Enterprise.
        patience: see there.
        seconds_between_writes: GitHub asks for a pause of a second.
    """

    token: str = field(repr=False)
    repository: str
    url: str = API_URL
    patience: Patience = field(default_factory=Patience)
    seconds_between_writes: float = 1.0

    @cached_property
    def api(self) -> Github:
        """PyGithub; it sends nothing by itself, and sends nothing again by itself."""
        from github import Auth, Github

        from perfgate import __version__

        return Github(
            auth=Auth.Token(self.token),
            base_url=self.url.rstrip("/"),
            timeout=TIMEOUT_S,
            user_agent=f"perfgate/{__version__}",
            per_page=PAGE,
            retry=None,
            seconds_between_requests=0,
            seconds_between_writes=self.seconds_between_writes,
            lazy=True,
        )

    @cached_property
    def repo(self) -> Repository:
        """The repository; nothing is asked for it."""
        return self.api.get_repo(self.repository)

    def ask(self, what: str, request: Callable[[], T], *, needs: str = "") -> T:
        """Send a request that may be sent twice without harm (reading, replacing, deleting).

        Args:
            what: it does, for messages: `read the comments`.
            request: sends it.
            needs: the permission, e.g. `pull-requests: write`.

        Raises:
            GitHubError: slugs `github`, `github-permission`, `github-limited`.
        """
        return self.send(what, request, lambda: None, needs=needs)

    def send(self, what: str, request: Callable[[], T], found: Callable[[], T | None], *, needs: str = "") -> T:
        """Send a request that must not be carried out twice.

        Args:
            what: see `ask`.
            request: sends it.
            found: looks whether a request whose answer was lost was carried out after all; gives what it made.
            needs: see `ask`.

        Raises:
            GitHubError: see `ask`.
        """
        from github import GithubException

        for left in reversed(range(self.patience.tries)):
            try:
                return request()
            except GithubException as error:
                told = _Answer.of(error)
            except OSError as error:  # `requests` has all its errors from it
                told = _Answer(0, {}, f"{type(error).__name__}: {error}"[:300])
            self._wait(what, told, left, needs)
            made = found() if told.is_lost else None
            if made is not None:
                return made
        raise told.error(what, needs)

    def _wait(self, what: str, told: _Answer, left: int, needs: str) -> None:
        """Wait as long as the answer asks for; raises when to send it again is of no use, or too late."""
        attempt = self.patience.tries - 1 - left
        seconds = pause(told.status, told.headers, told.message, attempt, self.patience.now())
        if seconds is None:
            raise told.error(what, needs)
        if left and not self.patience.waited(seconds):
            raise told.error(what, needs, waited=seconds)


@dataclass(frozen=True)
class _Answer:
    """What GitHub answered instead of what was asked for; status 0 is no answer."""

    status: int
    headers: Mapping[str, str]
    message: str

    @classmethod
    def of(cls, error: GithubException) -> _Answer:
        headers = {name.lower(): str(value) for name, value in (error.headers or {}).items()}
        data = error.data
        message = data.get("message") if isinstance(data, dict) else data
        return cls(int(error.status or 0), headers, str(message or "")[:300])

    @property
    def is_lost(self) -> bool:
        """It may have been carried out."""
        return self.status == 0 or self.status >= 500

    @property
    def is_limit(self) -> bool:
        """Too many requests were sent: by this job or by others."""
        return pause(self.status, self.headers, self.message, 0, 0.0) is not None and not self.is_lost

    def error(self, what: str, needs: str, *, waited: float | None = None) -> GitHubError:
        """The error in words, with what to do."""
        said = f"{self.status} {self.message}".strip() if self.status else self.message
        if self.is_limit:
            how = f" without a wait of {waited:.0f} s" if waited is not None else ""
            return GitHubError(
                f"GitHub limits requests and did not let perfgate {what}{how}: {said}",
                hint="run it again later; all jobs with the same token share the limit",
                slug="github-limited",
            )
        if self.status in (401, 403, 404):
            return GitHubError(
                f"GitHub did not let perfgate {what}: {said}", hint=_permission(self, needs), slug="github-permission"
            )
        return GitHubError(f"perfgate could not {what}: {said}", hint="run it again; githubstatus.com tells of outages")


def _permission(told: _Answer, needs: str) -> str:
    if told.status == 401:
        return "the token is not valid; pass `${{ github.token }}` as GITHUB_TOKEN"
    if not needs:
        return "the token may not do that"
    gone = "" if told.status == 403 else ", or there is no such repository or pull request"
    return f"the token lacks {needs}; add it to `permissions:`{gone}"


def connect(env: Mapping[str, str], repository: str) -> Client:
    """A client with the token and the API's address of the environment.

    Raises:
        UsageError: slug `github-token`; there is no token.
    """
    token = env.get("GITHUB_TOKEN") or env.get("GH_TOKEN") or ""
    if not token:
        raise UsageError(
            "there is no token to talk to GitHub with",
            place="GITHUB_TOKEN",
            hint="add `env: GITHUB_TOKEN: ${{ github.token }}` to the step; --dry-run needs none",
            slug="github-token",
        )
    return Client(token.strip(), repository, env.get("GITHUB_API_URL") or API_URL)
