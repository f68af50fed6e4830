"""The installed command in a repository whose service becomes slower: the history finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.compare.repository import SLOWER, Repository

if TYPE_CHECKING:
    from tests.past.measured import Measured


def test_a_commit_that_makes_the_service_slower_fails_and_so_does_its_report(measured: Measured) -> None:
    """Budgets of ten seconds would not have noticed; the next run is still compared with the runs before it."""
    measured.keep([*measured.earlier(8), measured.entry()])
    repository = Repository.__new__(Repository)
    repository.root = measured.root
    repository.change("serve.py", *SLOWER)
    commit = repository.commit("prices from the ledger")
    ran = repository.perfgate("run", "--out", "recording2", out="recording2")
    assert ran.code == 1, ran.out + ran.err
    assert ran.result is not None
    red = {(check.endpoint, check.metric) for check in ran.result.runs[0].checks if check.status == "fail"}
    assert ("GET /item", "p50") in red
    assert ran.result.baseline is not None
    assert ran.result.baseline.runs == 9
    assert repository.perfgate("report", "recording2").code == 1
    own = measured.kept()[0]
    assert (own.commit, own.verdict, own.eligible) == (commit, "fail", False)
