"""What to do about a check, in a pytest report."""

import pytest

from perfgate.suite.words import failure_words
from tests.report import results


@pytest.mark.parametrize(
    ("metric", "limit", "told"),
    [
        ("p95", 250.0, "make p95 better, or change the limit"),
        ("certainty", None, "drive more requests: a longer load, or a higher rate"),
        ("restarts", None, "mend what it names"),
    ],
)
def test_the_next_step_is_one_that_can_be_taken(metric: str, limit: float | None, told: str) -> None:
    """Where there is no limit there is none to change."""
    check = results.check("warn", metric=metric, limit=limit, observed=None)
    assert failure_words(check).splitlines()[-1].startswith(f"  next:     {told}")
