"""The one comment of a pull request and a budgets file: found again by its marker, updated, never stacked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from perfgate.publish.github.client import PAGE, GitHubError
from perfgate.publish.github.turn import Turns
from perfgate.report.comment import Record, marker, read_record, render

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from github.IssueComment import IssueComment
    from github.PaginatedList import PaginatedList

    from perfgate.publish.github.client import Client
    from perfgate.report.comment import Context, Part

NEEDS = "pull-requests: write"
ACTIONS_BOT = "github-actions[bot]"  # who writes with the token of GitHub Actions
_MOST_ROUNDS = 8
_MOST_PAGES = 100  # of comments


@dataclass(frozen=True)
class Written:
    """What became of the comment.

    Attributes:
        done: `kept` when a later run had commented already.
        body: what it says now.
    """

    done: Literal["created", "updated", "kept"]
    url: str
    body: str


@dataclass
class CommentWriter:
    """Writes the comment of one pull request.

    Args:
        client: see there.
        number: of the pull request.
        author: whose comments are ours; None finds out who the token belongs to.
        pause_s: how long to wait at most for one's turn before asking again; chosen by lot.
    """

    client: Client
    number: int
    author: str | None = None
    pause_s: float = 3.0
    _known: str | None = field(default=None, init=False)

    def write(self, parts: Sequence[Part], context: Context) -> Written:
        """Create the comment or update it.

        Alone, this takes at most three requests for a comment on the first page. Jobs that share the comment
        (`context.job`) take turns, and keep what the others have said.

        Raises:
            GitHubError: see `Client.ask`.
        """
        mark = marker(context.budgets)
        found = self._ours(mark)
        if found and context.job:
            return self._in_turn(parts, context)
        if found:
            return self._update(found[0], parts, context, _all_said(found))
        made = self._create(render(parts, context), mark)
        if context.job or len(self._ours(mark)) != 1:  # somebody else has written one at the same moment
            made_together = self._in_turn(parts, context)
            return Written("created", made_together.url, made_together.body)
        return Written("created", made.html_url, made.body)

    def _update(self, comment: IssueComment, parts: Sequence[Part], context: Context, before: Record) -> Written:
        if any(entry.run > context.run > 0 and entry.commit != context.commit for entry in before.entries):
            return Written("kept", comment.html_url, comment.body)
        self.client.ask("update the comment", lambda: comment.edit(render(parts, context, before)), needs=NEEDS)
        return Written("updated", comment.html_url, comment.body)

    def _in_turn(self, parts: Sequence[Part], context: Context) -> Written:
        """Put what we say, and all that other jobs have said, into one comment: the oldest."""
        mark = marker(context.budgets)
        turns = Turns(self.client, self.pause_s)
        for _ in range(_MOST_ROUNDS):
            oldest = next(iter(self._ours(mark)), None) or self._create(render(parts, context), mark)
            with turns.turn(oldest) as is_there:
                found = self._ours(mark) if is_there else []
                if not found or found[0].id != oldest.id:
                    continue
                written = self._update(found[0], parts, context, _all_said(found))
                for comment in found[1:]:
                    self.client.ask("take back a second comment", _deleted(comment), needs=NEEDS)
                return written
        raise GitHubError("the comment was deleted again and again")

    def _ours(self, mark: str) -> list[IssueComment]:
        """The comments with the marker that we have written, the oldest first; of the first page that has any."""
        every = self.client.repo.get_issue(self.number).get_comments()
        for number in range(_MOST_PAGES):
            page = self._page(every, number)
            ours = [one for one in page if mark in (one.body or "") and self._is_ours(one)]
            if ours or len(page) < PAGE:
                return sorted(ours, key=lambda one: one.id)
        return []

    def _page(self, every: PaginatedList[IssueComment], number: int) -> list[IssueComment]:
        return self.client.ask("read the comments", lambda: every.get_page(number), needs="pull-requests: read")

    def _is_ours(self, comment: IssueComment) -> bool:
        """Anybody can copy the marker into a comment of theirs: only its author makes it ours."""
        return comment.user is not None and comment.user.login == self._author()

    def _author(self) -> str:
        """Who writes. A token of GitHub Actions may not ask who it is; it is known by its first letters."""
        if self._known is None:
            self._known = self.author or (ACTIONS_BOT if self.client.token.startswith("ghs_") else self._asked())
        return self._known

    def _asked(self) -> str:
        try:
            return self.client.ask("ask whose token it is", lambda: self.client.api.get_user().login)
        except GitHubError as error:
            if error.slug != "github-permission":
                raise
            return ACTIONS_BOT

    def _create(self, body: str, mark: str) -> IssueComment:
        """Write a new comment. When the answer is lost, ours is known by the hidden record at its end."""
        issue = self.client.repo.get_issue(self.number)
        own = body.rstrip().splitlines()[-1]
        made = self.client.send(
            "write the comment",
            lambda: issue.create_comment(body),
            lambda: next((one for one in self._ours(mark) if own in one.body), None),
            needs=NEEDS,
        )
        self._known = made.user.login  # now it is certain
        return made


def _deleted(comment: IssueComment) -> Callable[[], None]:
    """A request that deletes it; that it is gone already is as good."""

    def delete() -> None:
        from github import UnknownObjectException

        try:
            comment.delete()
        except UnknownObjectException:
            return

    return delete


def _all_said(found: Sequence[IssueComment]) -> Record:
    """What all of these comments remember."""
    if not found:
        return Record()
    return read_record(found[0].body).together([read_record(comment.body) for comment in found[1:]])
