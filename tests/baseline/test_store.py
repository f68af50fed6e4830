"""What every store does, whichever it is: SQLite, PostgreSQL, a branch of the repository."""

from __future__ import annotations

import gzip
import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from perfgate.baseline.exchange import export_entries, import_entries
from perfgate.baseline.store import Keep, Wanted, open_store
from perfgate.errors import StorageError, UsageError
from tests.baseline.entries import ELSEWHERE, HERE, PIN, entry

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.baseline.entry import Entry
    from perfgate.baseline.store import Store

DAY_S = 86_400.0
ODD = "böse/../-n \U0001f40c%2F,=~ .git" + "x" * 200

_FIELDS: list[dict[str, Any]] = [
    {},
    {"service": "checkout"},
    {"load": "peak"},
    {"load": "stress", "service": ODD, "branch": ODD},
    {"branch": "feature/x"},
    {"branch": None, "commit": None, "dirty": None},
    {"dirty": True},
    {"dirty": True, "pin": PIN},
    {"verdict": "fail"},
    {"verdict": "fail", "pin": PIN},
    {"verdict": "invalid"},
    {"verdict": "warn"},
    {"pull_request": "12"},
    {"pull_request": "13", "pin": PIN},
    {"kind": "benchmarks"},
    {"fingerprint": ELSEWHERE},
    {"recording": ODD},
    {"packed": None},
    {"commit": f"{1:040x}"},
    {"recorded_at": 1_760_000_000.25},
]
VARIED = [entry(number, **fields) for number, fields in enumerate(_FIELDS)]


def _expected(wanted: Wanted) -> list[Entry]:
    """What a list in memory would give."""
    named = ("service", "load", "kind", "recording", "branch")
    found = [
        one
        for one in VARIED
        if all(getattr(wanted, name) in {None, getattr(one, name)} for name in named)
        and wanted.fingerprint in {None, one.fingerprint.digest}
        and (wanted.commits is None or one.commit in wanted.commits)
        and (wanted.since is None or one.recorded_at >= wanted.since)
        and (wanted.until is None or one.recorded_at <= wanted.until)
        and wanted.pinned in {None, one.pin is not None}
        and (one.eligible or not wanted.eligible)
        and (one.pin or one.pull_request is None or not wanted.own)
    ]
    found.sort(key=lambda one: one.recorded_at, reverse=True)
    return [one if wanted.whole else replace(one, packed=None) for one in found[: wanted.limit]]


def test_a_store_gives_what_is_wanted_and_the_newest_first(store: Store) -> None:
    """The same as a plain list would, for every question and every pair of questions."""
    assert store.add(VARIED) == len(VARIED)
    asked: list[dict[str, Any]] = [
        {"service": "catalog"},
        {"service": ODD},
        {"load": "peak"},
        {"kind": "benchmarks"},
        {"recording": ODD},
        {"branch": "main"},
        {"branch": ODD},
        {"fingerprint": HERE.digest},
        {"commits": [f"{1:040x}", f"{4:040x}", "unknown"]},
        {"commits": []},
        {"commits": [f"{number:040x}" for number in range(3_000)]},
        {"since": 1_750_000_010.0},
        {"until": 1_750_000_010.0},
        {"pinned": True},
        {"pinned": False},
        {"eligible": True},
        {"own": True},
        {"limit": 3},
        {"whole": True},
    ]
    for one, other in itertools.combinations_with_replacement(asked, 2):
        wanted = Wanted(**{**one, **other})
        assert store.find(wanted) == _expected(wanted), wanted
    assert [store.get(one.id) for one in VARIED] == VARIED


def test_what_is_kept_is_there_when_the_store_is_opened_again(url: str, tmp_path: Path) -> None:
    """With its promotion."""
    for number in range(2):
        store = open_store(url, tmp_path)
        assert store.add([entry(number, pin=PIN)]) == 1
        store.close()
    store = open_store(url, tmp_path)
    assert store.find(Wanted(whole=True)) == [entry(1, pin=PIN), entry(0, pin=PIN)]
    store.close()


def test_an_entry_is_kept_once(store: Store) -> None:
    """The first one stays as it is; adding again, as after a failure, does no harm."""
    assert store.add([entry(1), entry(2)]) == 2
    assert store.add([entry(1, verdict="fail"), entry(3)]) == 1
    assert store.add([]) == 0
    assert [one.verdict for one in store.find()] == ["pass", "pass", "pass"]


def test_a_promotion_is_pinned_with_who_when_and_why(store: Store) -> None:
    """It can be said anew, and taken back; what is not there cannot be promoted."""
    store.add([entry(1, verdict="fail")])
    name = entry(1).id
    assert store.pin(name, PIN)
    assert [one.pin for one in store.find(Wanted(eligible=True))] == [PIN]
    assert store.pin(name, replace(PIN, reason="still the best"))
    assert store.find()[0].pin == replace(PIN, reason="still the best")
    assert store.unpin(name)
    assert not store.unpin(name)
    assert store.find(Wanted(eligible=True)) == []
    assert not store.pin(entry(2).id, PIN)
    assert not store.unpin(entry(2).id)
    assert store.get(entry(2).id) is None


def test_dropped_entries_are_gone_and_may_come_back(store: Store) -> None:
    """Without the promotion that they had, unless they bring one along."""
    store.add([entry(1, pin=PIN), entry(2), entry(3)])
    assert store.drop([entry(1).id, entry(3).id, entry(9).id]) == 2
    assert [one.id for one in store.find()] == [entry(2).id]
    assert store.add([entry(1)]) == 1
    assert store.get(entry(1).id) == entry(1)


def test_retention_by_age_keeps_what_was_promoted(store: Store) -> None:
    """At the moment itself an entry is not too old yet."""
    store.add(
        [
            entry(1, recorded_at=0.0, pin=PIN),
            entry(2, recorded_at=1 * DAY_S),
            entry(3, recorded_at=10 * DAY_S),
            entry(4, recorded_at=50 * DAY_S),
        ]
    )
    assert store.prune(Keep.parse("90 days"), now=100 * DAY_S) == 1
    assert [one.recording for one in store.find()] == ["run-4", "run-3", "run-1"]
    assert store.prune(Keep.parse("90 days"), now=100 * DAY_S) == 0


def test_retention_by_count_is_for_each_load_of_each_service(store: Store) -> None:
    """What was promoted does not count."""
    store.add([entry(number) for number in range(5)])
    store.add([entry(7, load="peak"), entry(8, service="checkout"), entry(0, recording="first", pin=PIN)])
    assert store.prune(Keep.parse(2), now=0.0) == 3
    assert [one.recording for one in store.find()] == ["run-8", "run-7", "run-4", "run-3", "first"]


@pytest.mark.parametrize("written", ["", "90", "-1", "0 days", "forever", "9 weeks", 0, -3, "٣"])
def test_how_long_is_said_in_days_or_as_a_count(written: str | int) -> None:
    """Whatever else is refused, with what to write."""
    if written == "90":
        assert Keep.parse(written) == Keep(count=90)
        return
    with pytest.raises(UsageError, match="90 days"):
        Keep.parse(written)


@pytest.mark.parametrize("name", ["history.jsonl", "history.jsonl.gz"])
def test_an_export_can_be_imported(store: Store, tmp_path: Path, name: str) -> None:
    """Into another store, and again into the same, which changes nothing."""
    store.add(VARIED)
    assert export_entries(store, tmp_path / "exports" / name) == len(VARIED)
    other = open_store("sqlite:///other.db", tmp_path)
    assert import_entries(other, tmp_path / "exports" / name) == (len(VARIED), len(VARIED))
    assert import_entries(store, tmp_path / "exports" / name) == (0, len(VARIED))
    assert [other.get(one.id) for one in VARIED] == VARIED
    other.close()


def test_a_damaged_export_changes_nothing(tmp_path: Path) -> None:
    """The line is named."""
    store = open_store("sqlite:///history.db", tmp_path)
    store.add([entry(1), entry(2)])
    path = tmp_path / "export.jsonl.gz"
    export_entries(store, path)
    first, second = gzip.decompress(path.read_bytes()).splitlines()
    other = open_store("sqlite:///other.db", tmp_path)
    path.write_bytes(first + b"\n" + second[:100])
    with pytest.raises(StorageError, match=r"export\.jsonl\.gz:2"):
        import_entries(other, path)
    path.write_bytes(gzip.compress(first)[:-20])
    with pytest.raises(StorageError, match=r"export\.jsonl\.gz"):
        import_entries(other, path)
    assert other.find() == []
    with pytest.raises(UsageError, match="no such file"):
        import_entries(other, tmp_path / "nothing")
    store.close()
    other.close()


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:hunter2@h/d",
        "git:",
        "git:--upload-pack=x",
        "history.db",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql://u:hunter2@h:port/d",
    ],
)
def test_a_store_that_cannot_be_is_refused(url: str, tmp_path: Path) -> None:
    """With what to write; a password in it is not repeated."""
    with pytest.raises(UsageError) as caught:
        open_store(url, tmp_path)
    assert caught.value.slug == "history-url"
    assert "hunter2" not in str(caught.value)
