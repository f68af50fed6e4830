"""How the budget of false alarms is divided among checks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.judge.paired import CheckKey
from perfgate.judge.weights import weights

P50, P95, MEAN = (CheckKey("GET /", metric) for metric in ("p50", "p95", "mean"))
OTHER = CheckKey("GET /other", "p50")
ALL = [P50, P95, MEAN, OTHER]

keys = st.builds(
    CheckKey, st.sampled_from([None, "GET /a", "GET /b", "GET /c"]), st.sampled_from(["p50", "p95", "mean"])
)


def test_every_check_begins_with_the_same_part() -> None:
    """As with Bonferroni."""
    assert weights(ALL, ALL) == dict.fromkeys(ALL, 0.25)


def test_what_was_proven_leaves_its_part_to_the_other_checks_of_its_endpoint() -> None:
    """The other endpoint gets nothing of it."""
    found = weights([P95, OTHER], ALL)
    assert found[P95] == pytest.approx(0.75)
    assert found[OTHER] == pytest.approx(0.25)


def test_an_endpoint_of_which_everything_is_proven_leaves_its_part_to_the_others() -> None:
    """As with Holm."""
    assert weights([OTHER], ALL)[OTHER] == pytest.approx(1.0)


def test_what_is_proven_has_the_part_that_it_would_have() -> None:
    """Were it the only one of its endpoint that is left, or one of several."""
    found = weights([P95, OTHER], ALL)
    assert found[P50] == pytest.approx(0.75 / 2)
    assert weights([OTHER], ALL)[P50] == pytest.approx(0.75)


@given(st.lists(keys, unique=True, min_size=1), st.data())
def test_the_parts_of_what_is_left_make_the_whole_and_never_shrink(of: list[CheckKey], data: st.DataObject) -> None:
    """Which is what keeps the chance of any false alarm within the budget."""
    left = set(data.draw(st.lists(st.sampled_from(of), unique=True, min_size=1)))
    found = weights(left, of)
    assert sum(found[key] for key in left) == pytest.approx(1.0)
    proven = data.draw(st.sampled_from(sorted(left, key=str)))
    after = weights(left - {proven}, of)
    assert all(after[key] >= found[key] - 1e-12 for key in left - {proven})
