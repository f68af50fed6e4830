"""What a comment remembers of earlier commits and other jobs: hidden in it, and believed only as far as it is valid."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from perfgate.report.comment.subject import Context, Outcome  # noqa: TC001  (pydantic reads the annotations)
from perfgate.report.tables import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_ENTRIES = 40
LONGEST_WORDS = 160
_LONGEST_BLOCK = 24_000  # characters
_BLOCK = re.compile(r"<!-- perfgate:record ([A-Za-z0-9_=-]{1,24000}) -->")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Entry(_Strict):
    """The verdict of one job at one commit.

    Attributes:
        words: why, in short.
        at: when it was written, in seconds since the epoch.
        run: number of the CI run.
        job: empty when the job stands alone.
    """

    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{0,64}$")]
    verdict: Outcome
    words: Annotated[str, Field(max_length=LONGEST_WORDS)]
    at: Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]
    run: Annotated[int, Field(ge=0, le=2**53)] = 0
    job: Annotated[str, Field(max_length=100)] = ""


class Record(_Strict):
    """The verdicts that a comment knows of, newest first."""

    entries: Annotated[tuple[Entry, ...], Field(max_length=MOST_ENTRIES)] = ()

    def with_entry(self, entry: Entry) -> Record:
        """The record with the entry in front; what the same job said of the same commit is replaced."""
        others = (one for one in self.entries if (one.commit, one.job) != (entry.commit, entry.job))
        return Record(entries=(entry, *others)[:MOST_ENTRIES])

    def together(self, others: Sequence[Record]) -> Record:
        """This record and others: of each job and commit what was written last."""
        newest: dict[tuple[str, str], Entry] = {}
        for entry in (*self.entries, *(entry for other in others for entry in other.entries)):
            key = entry.commit, entry.job
            if key not in newest or (entry.run, entry.at) > (newest[key].run, newest[key].at):
                newest[key] = entry
        ordered = sorted(newest.values(), key=lambda entry: (entry.run, entry.at), reverse=True)
        return Record(entries=tuple(ordered[:MOST_ENTRIES]))

    def beside(self, entry: Entry) -> list[Entry]:
        """What other jobs said of the same commit."""
        if not entry.job:
            return []
        return [one for one in self.entries if one.commit == entry.commit and one.job not in ("", entry.job)]

    def before(self, entry: Entry) -> list[Entry]:
        """What was said of other commits."""
        return [one for one in self.entries if one.commit != entry.commit]

    def block(self) -> str:
        """The record as a hidden line; it holds letters and digits only, whatever the words are."""
        text = self.model_dump_json().encode()
        return f"<!-- perfgate:record {base64.urlsafe_b64encode(text).decode()} -->"


def marker(budgets: str) -> str:
    """The hidden line by which the comment of a budgets file is found again."""
    return f"<!-- perfgate:comment {hashlib.sha256(budgets.encode()).hexdigest()[:16]} -->"


def read_record(body: str) -> Record:
    """The record in a comment; an empty one when there is none, or when it is not one."""
    found = _BLOCK.findall(body)
    if not found:
        return Record()
    try:
        return Record.model_validate_json(base64.urlsafe_b64decode(found[-1]))
    except (ValueError, ValidationError, RecursionError):
        return Record()


def entry_for(context: Context, verdict: Outcome, words: str) -> Entry:
    """An entry from what may be longer than one holds."""
    commit = context.commit or ""
    return Entry(
        commit=commit if re.fullmatch(r"[0-9a-f]{1,64}", commit) else "",
        verdict=verdict,
        words=printable(words, longest=LONGEST_WORDS)[:LONGEST_WORDS],
        at=min(max(context.at, 0.0), 1e11),
        run=min(max(context.run, 0), 2**53),
        job=printable(context.job, longest=100)[:100],
    )


def fitted(record: Record) -> Record:
    """The record with as many entries as its hidden line can hold."""
    while len(record.block()) > _LONGEST_BLOCK // 2:
        record = Record(entries=record.entries[:-1])
    return record
