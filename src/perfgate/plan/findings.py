"""What is wrong with a `budgets.toml`: every problem with its line, gathered so that all are shown at once."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from perfgate.errors import BudgetsError, HostNotAllowedError

if TYPE_CHECKING:
    from perfgate.plan.locate import Lines, Path

_MOST_SHOWN = 20
HOST_SLUG = HostNotAllowedError.slug


def dotted(path: Path) -> str:
    """A key's path as TOML writes it: `services.catalog.endpoints."GET /items".budget`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            quoted = part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else json.dumps(part, ensure_ascii=False)
            text += f".{quoted}" if text else quoted
    return text


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        path: the key.
        message: what is wrong, without the place.
        hint: the next step.
        slug: the error's name in `docs/errors.md`.
    """

    path: Path
    message: str
    hint: str = ""
    slug: str = BudgetsError.slug


@dataclass
class Findings:
    """All problems of one file.

    Attributes:
        file_name: as it is shown, e.g. `budgets.toml`.
    """

    file_name: str
    lines: Lines
    problems: list[Problem] = field(default_factory=list)

    def place(self, path: Path) -> str:
        """Where a key stands: `budgets.toml:42`."""
        return f"{self.file_name}:{self.lines.of(path)}"

    def raise_if_any(self) -> None:
        """Raise one error that tells all problems, in the order of their lines.

        Raises:
            HostNotAllowedError: when nothing is wrong but hosts that are not allowed.
            BudgetsError: else, if there are any; its slug is that of the first problem.
        """
        if not self.problems:
            return
        problems = sorted(dict.fromkeys(self.problems), key=lambda problem: self.lines.of(problem.path))
        first = problems[0]
        only_hosts = all(problem.slug == HOST_SLUG for problem in problems)
        kind = HostNotAllowedError if only_hosts else BudgetsError
        slug = BudgetsError.slug if first.slug == HOST_SLUG and not only_hosts else first.slug
        if len(problems) == 1:
            raise kind(_words(first), place=self.place(first.path), hint=first.hint, slug=slug)
        raise kind(self._all(problems), place=self.place(first.path), slug=slug)

    def _all(self, problems: list[Problem]) -> str:
        lines = [_words_with_hint(problems[0])]
        lines += [f"{self.place(problem.path)}: {_words_with_hint(problem)}" for problem in problems[1:_MOST_SHOWN]]
        if len(problems) > _MOST_SHOWN:
            lines.append(f"... and {len(problems) - _MOST_SHOWN} more")
        return "\n".join(lines)


def _words(problem: Problem) -> str:
    return f"{dotted(problem.path)}: {problem.message}" if problem.path else problem.message


def _words_with_hint(problem: Problem) -> str:
    return f"{_words(problem)} ({problem.hint})" if problem.hint else _words(problem)


@dataclass(frozen=True)
class Place:
    """A table of the file, where problems can be reported."""

    findings: Findings
    path: Path = ()

    def at(self, *keys: str | int) -> Place:
        """A key of this table, or one deeper."""
        return replace(self, path=(*self.path, *keys))

    def wrong(self, message: str, hint: str = "", *, slug: str = BudgetsError.slug) -> None:
        """Report a problem here."""
        self.findings.problems.append(Problem(self.path, message, hint, slug))

    @property
    def source(self) -> str:
        """Where it stands: `budgets.toml:42`."""
        return self.findings.place(self.path)
