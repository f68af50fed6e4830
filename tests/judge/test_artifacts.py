"""File-size budgets."""

from __future__ import annotations

from perfgate.judge.artifacts import check_artifacts
from perfgate.plan.plan import Artifact
from tests.judge.summaries import limit

APP = Artifact("dist/app_main.js", limit("size", 500e3))


def test_a_file_is_held_against_its_budget() -> None:
    """The path stands for the metric, and is left as it is written."""
    (check,) = check_artifacts([APP], {"dist/app_main.js": 512_000})
    assert (check.metric, check.unit, check.status) == ("dist/app_main.js", "bytes", "fail")
    assert check.message == "dist/app_main.js 512 KB, budget 500 KB (+2.4 %)"
    assert check_artifacts([APP], {"dist/app_main.js": 500_000})[0].status == "pass"


def test_a_file_that_is_not_there_is_invalid() -> None:
    """It may not have been built."""
    for sizes in ({"dist/app_main.js": None}, {}):
        (check,) = check_artifacts([APP], sizes)
        assert (check.status, check.observed) == ("invalid", None)
        assert check.message == "dist/app_main.js: no file matches; build it first, or mend the path"
