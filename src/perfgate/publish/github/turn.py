"""Whose turn it is to change a comment that several jobs share.

GitHub has no way to update a comment only if nobody else has. But it lets a user add each reaction to a comment only
once, and says whether it was added (201) or was there (200): whoever adds it has the turn, until it takes it away.

https://docs.github.com/en/rest/reactions/reactions#create-reaction-for-an-issue-comment
"""

from __future__ import annotations

import json
import random
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from perfgate.publish.github.client import GitHubError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from github.IssueComment import IssueComment

    from perfgate.publish.github.client import Client

NEEDS = "pull-requests: write"
_REACTION = "eyes"
_LONGEST_TURN_S = 60.0  # a job that has it for longer was killed
_MERGE = "let one job comment for all, with `perfgate comment --merge`"
_GONE = -1  # no reaction has this number
_THERE, _MADE, _DELETED, _NEVER = 200, 201, 204, 404


@dataclass
class Turns:
    """Takes turns with the other jobs that write with the same token.

    Args:
        client: see there.
        pause_s: how long to wait at most before asking again; chosen by lot.
    """

    client: Client
    pause_s: float

    @contextmanager
    def turn(self, comment: IssueComment) -> Iterator[bool]:
        """While inside, no other job changes the comment; gives False when somebody has deleted it.

        Raises:
            GitHubError: see `Client.ask`; the turn never came.
        """
        reaction = self._taken(comment)
        try:
            yield reaction != _GONE
        finally:
            if reaction != _GONE:
                self._give_back(comment, reaction)

    def _taken(self, comment: IssueComment) -> int:
        holder, since_s = 0, 0.0
        while True:
            made, reaction = self.client.ask("take turns with other jobs", lambda: _react(comment), needs=NEEDS)
            if made or reaction == _GONE:
                return reaction
            if reaction != holder:
                holder, since_s = reaction, 0.0
            if since_s > _LONGEST_TURN_S:
                self._give_back(comment, reaction)
                continue
            wait_s = random.uniform(0.3, 1.0) * self.pause_s
            if not self.client.patience.waited(wait_s):
                raise GitHubError("other jobs change the comment all the time", hint=_MERGE)
            since_s += wait_s

    def _give_back(self, comment: IssueComment, reaction: int) -> None:
        self.client.ask("end a turn", lambda: _gone(comment, reaction), needs=NEEDS)


def _react(comment: IssueComment) -> tuple[bool, int]:
    """Whether the reaction was added now, and its number."""
    api = comment.requester  # PyGithub's own method does not tell whether it was there before
    status, headers, text = api.requestJson("POST", f"{comment.url}/reactions", input={"content": _REACTION})
    answer: Any = json.loads(text) if text else {}
    if status == _NEVER:
        return False, _GONE
    if status not in (_THERE, _MADE):
        raise api.createException(status, headers, answer)
    return status == _MADE, int(answer["id"])


def _gone(comment: IssueComment, reaction: int) -> None:
    api = comment.requester
    status, headers, text = api.requestJson("DELETE", f"{comment.url}/reactions/{reaction}")
    if status not in (_DELETED, _NEVER):  # never: somebody thought that we were killed
        raise api.createException(status, headers, json.loads(text) if text else {})
