"""The comment on a pull request: one page of GitHub-flavoured markdown that says first whether the change may merge."""

from perfgate.report.comment.page import render, verdict_of, words_for
from perfgate.report.comment.record import Entry, Record, marker, read_record
from perfgate.report.comment.subject import Context, Outcome, Part, outcome
from perfgate.report.markdown import LONGEST

__all__ = [
    "LONGEST", "Context", "Entry", "Outcome", "Part", "Record", "marker", "outcome", "read_record", "render",
    "verdict_of", "words_for",
]  # fmt: skip
