"""The picture of a change and its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.report.interval_plot import HEIGHT, WIDTH, axis_of, picture
from perfgate.report.tables import CheckRow
from tests.report import results

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

PERCENTS = st.floats(-100, 1e6)


def row(**changes: Any) -> CheckRow:
    """A compared check, of which at most 10 % more is tolerated."""
    return CheckRow("catalog", "peak", results.paired(**changes), comparison=results.comparison())


def drawn(one: CheckRow, *others: CheckRow) -> Element:
    """Its picture, to the scale of all."""
    made = picture(one, axis_of([one, *others]))
    assert made is not None
    return made


def at(made: Element, style: str) -> list[float]:
    """Where lines or dots of a kind are."""
    return [float(part.get("x1") or part.get("cx") or "nan") for part in made if part.get("class") == style]


def test_zero_what_is_tolerated_and_the_change_stand_where_they_belong() -> None:
    """On one scale."""
    made = drawn(row(change_percent=20.0, interval_percent=(10.0, 30.0)))
    (zero,), (tolerated,), (change,) = at(made, "nothing"), at(made, "tolerated"), at(made, "dot")
    assert change - zero == pytest.approx(2 * (tolerated - zero), abs=0.02)
    assert at(made, "whisker") == [pytest.approx(tolerated, abs=0.02)]


def test_less_throughput_is_worse_so_that_its_limit_lies_left_of_zero() -> None:
    """By as much less as one gets in the same time when everything takes the tolerated part longer."""
    one = CheckRow("catalog", "peak", results.THROUGHPUT, comparison=results.comparison())
    made = drawn(one)
    assert at(made, "tolerated")[0] < at(made, "nothing")[0]
    assert "tolerated -9.1 %" in (made.get("aria-label") or "")


def test_an_interval_that_goes_on_beyond_the_picture_ends_in_an_arrowhead() -> None:
    """And one without ends in two."""
    bounded, far, open_ = row(), row(interval_percent=(-2.0, 9_000.0)), row(interval_percent=None)
    assert [len(drawn(one).findall("path")) for one in (bounded, far, open_)] == [0, 1, 2]


def test_rows_of_one_table_share_one_scale() -> None:
    """Else pictures could not be compared."""
    small, large = row(), row(change_percent=60.0, interval_percent=(50.0, 70.0))
    assert at(drawn(small, large), "nothing") == at(drawn(large, small), "nothing")


def test_a_check_without_a_change_has_no_picture() -> None:
    """Nothing is drawn at zero for what is not known."""
    assert picture(row(change_percent=None), axis_of([row()])) is None


@given(PERCENTS, st.tuples(PERCENTS, PERCENTS) | st.none(), st.sampled_from(["at_most", "at_least"]))
def test_nothing_is_ever_drawn_outside(change: float, ends: tuple[float, float] | None, direction: str) -> None:
    """However wild a change is."""
    interval = None if ends is None else (min(ends), max(ends))
    made = drawn(row(change_percent=change, interval_percent=interval, direction=direction))
    for part in made:
        places = [float(part.get(name, "0")) for name in ("x1", "x2", "cx")]
        assert all(0 <= place <= WIDTH for place in places)
        assert all(0 <= float(part.get(name, "0")) <= HEIGHT for name in ("y1", "y2", "cy"))
