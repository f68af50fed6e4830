"""Never green: another tool's results that are missing, failing, cut off or of other things than the budgets name."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from perfgate.cli import cli
from tests.importers.files import DATA, JTL_HEADER, K6_REQUESTS, k6_point, vegeta_result
from tests.importers.test_own_findings import NOTHING, REQUESTS

if TYPE_CHECKING:
    from pathlib import Path

ANY = 'p50 = "10s"'


def _k6(**metrics: Any) -> str:
    return json.dumps({"metrics": REQUESTS | metrics})


def _lines(*points: str) -> str:
    return "\n".join([K6_REQUESTS, *points]) + "\n"


def _rows(*rows: str) -> str:
    return JTL_HEADER + "".join(f"{row}\n" for row in rows)


def _hyperfine(**changed: Any) -> str:
    times = [0.1, 0.11, 0.12] * 4
    result = {"command": "true", "mean": 0.1, "times": times, "exit_codes": [0] * len(times)} | changed
    return json.dumps({"results": [result]})


def _vegeta(codes: list[int]) -> str:
    return "".join(vegeta_result(seq=number, code=code) + "\n" for number, code in enumerate(codes))


def _cut(name: str, share: float) -> bytes:
    data = (DATA / name).read_bytes()
    return data[: int(len(data) * share)]


def _locust(requests: int, failures: int, times: str) -> str:
    header = (DATA / "locust_stats.csv").read_text().splitlines()[0]
    cells = f"{requests},{failures},{','.join([times] * (len(header.split(',')) - 4))}"
    return f"{header}\nGET,/items,{cells}\n,Aggregated,{cells}\n"


_VEGETA_NOTHING = json.dumps(
    {
        "latencies": dict.fromkeys(("total", "mean", "50th", "90th", "95th", "99th", "max", "min"), 0),
        **dict.fromkeys(("requests", "success"), 0),
        **dict.fromkeys(("earliest", "end"), "0001-01-01T00:00:00Z"),
    }
)
_FAILED = k6_point(2.5, method="GET", name="/items", expected_response="false")
_OK = k6_point()
_JTL_OK = "1772600000000,5,GET /,200,true,4"
_JTL_BAD = "1772600000000,5,GET /,500,false,4"

# What happened; the file; the benchmark's budget; the exit code: 1 proven bad, 2 refused, 3 unknown, 0 with a warning.
TABLE: list[tuple[str, str | bytes, str, str, int]] = [
    ("the budget names what the file does not have", _k6(), "GET /nowhere", ANY, 3),
    ("no budget applies to anything in the file", _k6(), "", "", 3),
    ("a trend of k6 has no samples, and zeros for its figures", _k6(waiting=NOTHING), "waiting", ANY, 3),
    (
        "a trend of k6 has no samples, and its own threshold holds",
        _k6(waiting=NOTHING | {"thresholds": {"p(95)<5": False}}),
        "waiting",
        ANY,
        3,
    ),
    (
        "k6's own threshold is broken",
        _k6(http_req_duration=REQUESTS["http_req_duration"] | {"thresholds": {"p(95)<1": True}}),
        "*",
        ANY,
        1,
    ),
    ("half of k6's checks failed", _k6(checks={"passes": 50, "fails": 50, "value": 0.5}), "*", ANY, 0),
    (
        "k6's own threshold is broken, as handleSummary says it",
        _k6(http_req_duration={"values": REQUESTS["http_req_duration"], "thresholds": {"p(95)<1": {"ok": False}}}),
        "*",
        ANY,
        1,
    ),
    ("k6's own threshold is broken, and nothing has a budget", _k6(vus={"thresholds": {"value<9": True}}), "", "", 1),
    (
        "k6 has a threshold for requests that were never made",
        json.dumps({"metrics": {"http_req_duration": NOTHING, "iterations": {"count": 3}}}),
        "*",
        ANY,
        3,
    ),
    ("half of k6's iterations could not be begun", _k6(dropped_iterations={"count": 100}), "*", ANY, 0),
    ("some requests failed, and nothing has a budget", _lines(*[_FAILED] * 5, *[_OK] * 95), "", "", 3),
    ("nearly every request in Locust's table failed", _locust(1000, 998, "3"), "GET /items", ANY, 1),
    ("one in fifty requests in Locust's table failed", _locust(1000, 20, "3"), "GET /items", ANY, 0),
    ("Locust's table has requests, and no time of any", _locust(1000, 0, "0"), "GET /items", ANY, 3),
    ("Vegeta's report is of no request", _VEGETA_NOTHING, "*", ANY, 3),
    ("every request that k6 made failed", _lines(*[_FAILED] * 100), "*", ANY, 1),
    ("nine of ten requests that k6 made failed", _lines(*[_FAILED] * 90, *[_OK] * 10), "*", ANY, 1),
    ("one in twenty requests that k6 made failed", _lines(*[_FAILED] * 5, *[_OK] * 95), "*", ANY, 0),
    (
        "more of k6's requests failed than the budget allows",
        _lines(*[_FAILED] * 5, *[_OK] * 95),
        "*",
        'error_rate = "4%"',
        1,
    ),
    ("k6 wrote no requests at all", K6_REQUESTS + "\n", "*", ANY, 2),
    ("k6's lines are cut off in the middle", _lines(*[_OK] * 20)[:-30], "*", ANY, 2),
    ("a time of k6 is no number", _lines(k6_point("fast")), "*", ANY, 2),
    ("a time of k6 is negative", _lines(k6_point(-1)), "*", ANY, 2),
    ("a time of k6 is infinite", _lines(k6_point(math.inf)), "*", ANY, 2),
    ("every sample of JMeter failed", _rows(*[_JTL_BAD] * 50), "*", ANY, 1),
    ("one in ten samples of JMeter failed", _rows(*[_JTL_BAD] * 5, *[_JTL_OK] * 45), "*", ANY, 0),
    ("JMeter's table has a header and nothing else", JTL_HEADER, "*", ANY, 2),
    ("JMeter's last row is cut off", _rows(_JTL_OK, _JTL_OK)[:-4], "*", ANY, 2),
    ("JMeter's table does not say what succeeded", "timeStamp,elapsed,label\n1772600000000,5,GET /\n", "*", ANY, 2),
    ("a p99 is asked of twenty samples", _rows(*[_JTL_OK] * 20), "GET /", 'p99 = "10s"', 3),
    ("every answer that Vegeta got was an error", _vegeta([500] * 50), "*", ANY, 1),
    ("no answer came to Vegeta at all", _vegeta([0] * 50), "*", ANY, 1),
    ("a quarter of Vegeta's answers were errors", _vegeta([500, 200, 200, 200] * 20), "*", ANY, 0),
    ("a command of hyperfine ended with an error", _hyperfine(exit_codes=[0] * 11 + [1]), "*", ANY, 3),
    ("hyperfine measured nothing", json.dumps({"results": []}), "*", ANY, 2),
    ("a benchmark skipped itself", (DATA / "google-benchmark.json").read_bytes(), "BM_*", 'max = "10s"', 3),
    ("a benchmark has another name now", (DATA / "pytest-benchmark.json").read_bytes(), "test_encoded", ANY, 3),
    ("a document is cut off in its first half", _cut("pytest-benchmark.json", 0.4), "*", ANY, 2),
    ("a document is cut off near its end", _cut("pytest-benchmark.json", 0.98), "*", ANY, 2),
    ("a compressed file is cut off", _cut("k6.json.gz", 0.9), "*", ANY, 2),
    ("the file is empty", "", "*", ANY, 2),
    ("the file is of no tool", '{"hello": "world"}', "*", ANY, 2),
]


@pytest.mark.parametrize(("file", "name", "limit", "code"), [pytest.param(*row[1:], id=row[0]) for row in TABLE])
def test_it_is_never_green(tmp_path: Path, file: str | bytes, name: str, limit: str, code: int) -> None:
    """Exit 1, 2 or 3; where a person should look, exit 0 with the word WARN first."""
    results, budgets = tmp_path / "results", tmp_path / "budgets.toml"
    results.write_bytes(file.encode() if isinstance(file, str) else file)
    budgets.write_text(f'[benchmarks."{name}"]\n{limit}\n' if name else '[artifacts]\n"app.js" = "1KB"\n')
    done = CliRunner().invoke(cli, ["import", "any", str(results), "--budgets", str(budgets), "--no-history"])
    assert done.exit_code == code, done.output
    assert not done.output.startswith("PASS")
    if code == 0:
        assert done.output.startswith("WARN")
