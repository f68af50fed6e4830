"""Tells the places on GitHub that the user asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from perfgate.publish.github.broken import broken
from perfgate.publish.github.checks import Check, write_check
from perfgate.publish.github.client import GitHubError
from perfgate.publish.github.comment import CommentWriter
from perfgate.publish.github.conclusion import conclusion, state
from perfgate.publish.github.pulls import pull_request_of
from perfgate.publish.github.status import Status, write_status
from perfgate.report.comment import render, words_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfgate.publish.github.client import Client
    from perfgate.publish.github.event import Event
    from perfgate.publish.told import Told, Wishes
    from perfgate.report.comment import Context, Part

_SUMMARY = 60_000  # characters of a check run's summary; GitHub takes 65,535


class Teller:
    """Tells the places on GitHub, one after the other: that one of them fails keeps no other from being told."""

    def __init__(self, client: Client, event: Event, parts: Sequence[Part], context: Context, told: Told) -> None:
        self._client = client
        self._event = event
        self._parts = parts
        self._context = context
        self.told = told

    def attempt(self, what: Callable[[Wishes], str], wishes: Wishes) -> None:
        """Do it, and note what became of it."""
        try:
            self.told.done.append(what(wishes))
        except GitHubError as error:
            self.told.problems.append(error)
        except Exception as error:  # noqa: BLE001  (a proxy may answer anything, and PyGithub meets it unprepared)
            words = f"GitHub's answer cannot be understood: {type(error).__name__}: {str(error)[:200]}"
            self.told.problems.append(GitHubError(words, hint="is there a proxy that answers in GitHub's place?"))

    def comment(self, wishes: Wishes) -> str:
        """Write the comment."""
        number = pull_request_of(self._event, self._client)
        if number is None:
            return f"a {self._event.name} event has no pull request to comment on"
        context = replace(self._context, fetch=f"pull/{number}/head")
        written = CommentWriter(self._client, number, wishes.author).write(self._parts, context)
        return f"comment {written.done}: {written.url}"

    def check_run(self, wishes: Wishes) -> str:
        """Write the check run."""
        context = self._context
        check = Check(
            name=self._name("perfgate"),
            commit=self._event.commit,
            key=f"perfgate-{context.run}-{context.at:.6f}-{context.job}"[:200],
            conclusion=conclusion(self.told.verdict, self._parts, neutral_on_invalid=wishes.neutral_on_invalid),
            title=f"{self.told.verdict.upper()}: {words_for(self._parts, context, self.told.verdict)}",
            summary=render(self._parts, context, longest=_SUMMARY),
            url=context.report_url,
            annotations=broken(self._parts, context.budgets),
        )
        return f"check run written: {write_check(self._client, check).html_url}"

    def status(self, wishes: Wishes) -> str:  # noqa: ARG002  (all places are told alike)
        """Set the commit status."""
        verdict = self.told.verdict
        words = words_for(self._parts, self._context, verdict)
        status = Status(self._name("perfgate"), state(verdict, self._parts), words, self._context.report_url)
        write_status(self._client, self._event.commit, status)
        return f"commit status set: {status.state}"

    def _name(self, name: str) -> str:
        """Of the check, by its budgets file and job where there may be several."""
        named = [name, *([] if self._context.budgets == "budgets.toml" else [self._context.budgets])]
        return " / ".join([*named, *([self._context.job] if self._context.job else [])])
