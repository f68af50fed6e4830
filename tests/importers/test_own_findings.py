"""What a tool's own file tells of failures, of thresholds and of what was never measured: nothing of it is lost."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from perfgate.cli import cli
from perfgate.errors import ImportFileError
from perfgate.importers.imported import ImportedEndpoint, OwnFinding, Series
from tests.importers.files import DATA, K6_REQUESTS, k6_point, read_text, read_value, vegeta_result

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.importers.imported import Entry, Imported

NOTHING = {"avg": 0, "min": 0, "med": 0, "max": 0, "p(90)": 0, "p(95)": 0}
REQUESTS: dict[str, Any] = {
    "http_reqs": {"count": 100, "rate": 10.0},
    "http_req_failed": {"passes": 0, "fails": 100, "value": 0},
    "http_req_duration": {"avg": 5.0, "min": 1.0, "med": 4.0, "max": 9.0, "p(90)": 8.0, "p(95)": 8.5},
    "iterations": {"count": 100, "rate": 10.0},
}


def summary(metrics: dict[str, Any], **document: Any) -> Imported:
    """A file of `--summary-export`."""
    return read_value({"metrics": {**REQUESTS, **metrics}, **document})


def named(imported: Imported, name: str) -> Entry:
    """One entry."""
    return next(entry for entry in imported.entries if entry.name == name)


def verdict(folder: Path, file: Path, budgets: str) -> tuple[str, str]:
    """What the command says, and its whole output."""
    (folder / "budgets.toml").write_text(budgets)
    words = ["import", "any", str(file), "--budgets", str(folder / "budgets.toml"), "--no-history"]
    done = CliRunner().invoke(cli, words)
    return done.output.partition(":")[0], done.output


@pytest.mark.parametrize(
    "metric",
    [
        NOTHING,
        NOTHING | {"thresholds": {"p(95)<500": False}},
        NOTHING | {"count": 0},
        {"type": "trend", "contains": "time", "values": NOTHING, "thresholds": {"p(95)<500": {"ok": True}}},
        {"type": "trend", "contains": "default", "values": NOTHING, "thresholds": {"p(95)<500": {"ok": True}}},
    ],
)
def test_a_trend_of_k6_without_samples_is_not_0_ms(tmp_path: Path, metric: dict[str, Any]) -> None:
    """A threshold keeps it in the summary, with zeros; a budget for it is invalid, and says why."""
    found = named(summary({"login_time": metric}), "login_time")
    assert [found.statistic(name) for name in ("mean", "p50", "p95", "max")] == [None] * 4
    file = tmp_path / "summary.json"
    file.write_text(json.dumps({"metrics": {**REQUESTS, "login_time": metric}}))
    said, output = verdict(tmp_path, file, '[benchmarks.login_time]\np95 = "500ms"\n')
    assert said == "INVALID"
    assert "without samples" in " ".join(output.split()) or metric.get("contains") == "default"
    if metric.get("contains") == "default":  # no time at all, whatever its values are
        return
    said, output = verdict(tmp_path, file, '[benchmarks."*"]\np95 = "500ms"\n')
    assert (said, "1 skipped" in output) == ("PASS", True), "what nobody asked for by name is skipped, and told"


@pytest.mark.parametrize(
    "metric",
    [
        NOTHING | {"count": 7},
        {"type": "trend", "contains": "default", "values": NOTHING},
        {"type": "trend", "contains": "time", "values": NOTHING | {"count": 7}, "thresholds": {"max<1": {"ok": True}}},
    ],
)
def test_a_real_zero_of_k6_is_a_value(metric: dict[str, Any]) -> None:
    """Where there is a count, or a number that no threshold keeps in the file."""
    assert named(summary({"retries": metric}), "retries").statistic("max") == 0.0


def test_a_threshold_on_requests_that_were_never_made_is_no_pass(tmp_path: Path) -> None:
    """k6 writes the metric, and no count of requests."""
    file = tmp_path / "summary.json"
    metrics = {"http_req_duration": NOTHING | {"thresholds": {"p(95)<500": False}}, "iterations": {"count": 3}}
    file.write_text(json.dumps({"metrics": metrics}))
    said, output = verdict(tmp_path, file, '[benchmarks."*"]\np95 = "500ms"\n')
    assert (said, "no request succeeded" in output) == ("INVALID", True)


def test_the_unit_that_a_summary_does_not_state_is_not_guessed(tmp_path: Path) -> None:
    """A trend of bytes and one of times look alike in `--summary-export`: the limit's unit holds, and it is told."""
    size = {"avg": 900.0, "min": 800.0, "med": 900.0, "max": 1000.0, "p(95)": 990.0}
    file = tmp_path / "summary.json"
    file.write_text(json.dumps({"metrics": {**REQUESTS, "size": size}}))
    said, output = verdict(tmp_path, file, "[benchmarks.size]\nmax = 2000\n")
    assert (said, "does not state its unit" in output) == ("PASS", True)
    assert "1,000 ms" not in output
    file.write_text(json.dumps({"metrics": {**REQUESTS, "size": {"contains": "data", "values": size}}}))
    assert verdict(tmp_path, file, '[benchmarks.size]\nmax = "2s"\n')[0] == "INVALID"


THRESHOLD = {"p(95)<5": True, "max<100": False}
OUTCOMES = {"p(95)<5": {"ok": False}, "max<100": {"ok": True}}


@pytest.mark.parametrize(
    "metric",
    [
        REQUESTS["http_req_duration"] | {"thresholds": THRESHOLD},
        {"contains": "time", "values": REQUESTS["http_req_duration"], "thresholds": OUTCOMES},
    ],
)
def test_a_threshold_that_k6_itself_did_not_keep_is_red(tmp_path: Path, metric: dict[str, Any]) -> None:
    """k6 ends with 99 then. `--summary-export` says true of what failed, `handleSummary` says ok of what was kept."""
    assert summary({"http_req_duration": metric}).findings == (OwnFinding("threshold", "http_req_duration: p(95)<5"),)
    file = tmp_path / "summary.json"
    file.write_text(json.dumps({"metrics": {**REQUESTS, "http_req_duration": metric}}))
    said, output = verdict(tmp_path, file, '[benchmarks.http_req_duration]\np95 = "1s"\n')
    assert (said, "http_req_duration: p(95)<5" in output) == ("FAIL", True)
    other = '[benchmarks.x]\ntool = "jmeter"\nmax = 1\n'
    assert verdict(tmp_path, file, other)[0] == "FAIL", "without any budget, too"


def test_a_threshold_that_says_neither_is_refused() -> None:
    """Not taken for kept."""
    for outcome in (1, "yes", {"ok": "yes"}, {"ok": 0}):
        with pytest.raises(ImportFileError, match="whether the threshold was kept"):
            summary({"vus": {"value": 1, "thresholds": {"value<9": outcome}}})


GROUPS_BY_NAME = {"checks": {"is 200": {"name": "is 200", "passes": 40, "fails": 60}}, "groups": {}}
GROUPS_IN_LISTS = {
    "checks": [],
    "groups": [{"name": "buy", "checks": [{"name": "is 200", "passes": 40, "fails": 60}], "groups": []}],
}


@pytest.mark.parametrize(
    ("document", "name"),
    [({}, "checks"), ({"root_group": GROUPS_BY_NAME}, "is 200"), ({"root_group": GROUPS_IN_LISTS}, "is 200")],
)
def test_failed_checks_of_k6_are_told(tmp_path: Path, document: dict[str, Any], name: str) -> None:
    """By name where the summary has them: a service that answers 200 with an error in it fails checks alone."""
    checks = {"passes": 40, "fails": 60, "value": 0.4}
    assert summary({"checks": checks}, **document).findings == (OwnFinding("checks", name, 60, 100),)
    file = tmp_path / "summary.json"
    file.write_text(json.dumps({"metrics": {**REQUESTS, "checks": checks}, **document}))
    said, output = verdict(tmp_path, file, '[benchmarks.http_req_duration]\np95 = "1s"\n')
    assert (said, "60 of 100 (60 %)" in output) == ("WARN", True)


def test_lines_of_k6_tell_checks_dropped_iterations_and_kinds_of_failures() -> None:
    """And that whether thresholds were kept is not in them."""
    lines = gzip.decompress((DATA / "k6.json.gz").read_bytes()).decode()
    found = read_text(lines)
    assert [(failure.kind, failure.count, failure.example) for failure in found.failures] == [
        ("HTTP 500", 6, "k6 error 1500")
    ]
    assert (found.findings, found.notes) == ((), ())
    checks = lines.replace(
        '"type":"Point","data":{"time":"2026-11-21T10:26:42.235788307Z","value":1,"tags":{"check"', "@"
    )
    assert "@" in checks
    failed = checks.replace(
        "@", '"type":"Point","data":{"time":"2026-11-21T10:26:42.235788307Z","value":0,"tags":{"check"'
    )
    assert read_text(failed).findings == (OwnFinding("checks", "is 200", 1, 60),)
    metric = {"type": "Metric", "metric": "dropped_iterations", "data": {"type": "counter", "contains": "default"}}
    point = {"type": "Point", "metric": "dropped_iterations", "data": {"value": 40, "tags": {}}}
    dropped = read_text(f"{lines}{json.dumps(metric)}\n{json.dumps(point)}\n")
    assert dropped.findings == (OwnFinding("dropped_iterations", "k6", 40, 100),)
    limited = K6_REQUESTS.replace('"contains":"time"', '"contains":"time","thresholds":["p(95)<500"]')
    assert limited != K6_REQUESTS
    assert "thresholds" in read_text(f"{limited}\n{k6_point()}\n").notes[0]


def test_an_imported_table_of_locust_that_failed_is_no_pass_and_says_so_everywhere(tmp_path: Path) -> None:
    """Nearly all requests failed, quickly; only the median has a budget."""
    header, first, *_ = (DATA / "locust_stats.csv").read_text().splitlines()
    cells = first.split(",")
    cells[1:4] = ["/items", "1000", "998"]
    whole = ["", "Aggregated", *cells[2:]]
    file = tmp_path / "shop_stats.csv"
    file.write_text("\n".join([header, ",".join(cells), ",".join(whole), ""]))
    (tmp_path / "shop_failures.csv").write_text(
        "Method,Name,Error,Occurrences,First Seen,Last Seen\nGET,/items,ConnectionRefusedError(111),998,x,y\n"
    )
    (tmp_path / "shop_exceptions.csv").write_text("Count,Message,Traceback,Nodes\n4,no token,trace,local\n")
    budgets = '[benchmarks."GET /items"]\np50 = "1s"\n'
    said, output = verdict(tmp_path, file, budgets)
    assert said == "FAIL"
    told = ("99.8 %", "the times of failed requests are among them", "ConnectionRefusedError")
    (folder,) = (tmp_path / ".perfgate" / "imports").iterdir()
    result = json.loads((folder / "result.json").read_text())
    result_file = folder / "result.json"
    comment = CliRunner().invoke(cli, ["comment", str(result_file), "--dry-run"]).output
    shown = {
        "terminal": output,
        "markdown": (folder / "report.md").read_text(),
        "HTML": (folder / "report.html").read_text(),
        "comment": comment,
        "JSON": json.dumps(result),
    }
    for words in (*told, "the scenario raised 4 exceptions, most often no token"):
        for where, text in shown.items():
            plain = " ".join(text.replace("&#95;", "_").split())
            assert words in plain, (where, words)


@pytest.mark.parametrize("none", ["0", "0.0"])
def test_times_that_locust_never_had_are_not_0_ms(none: str) -> None:
    """A client that tells no response times: Locust's table says 0 everywhere."""
    header = (DATA / "locust_stats.csv").read_text().splitlines()[0]
    times = [none] * (len(header.split(",")) - 4)
    rows = [f"MQTT,publish,50,0,{','.join(times)}", f",Aggregated,50,0,{','.join(times)}", ""]
    found = named(read_text("\n".join([header, *rows])), "MQTT publish")
    assert isinstance(found, ImportedEndpoint)
    assert (found.requests, found.statistic("mean"), found.statistic("p50")) == (50, None, None)
    assert "no request told one" in found.unknown


def test_a_report_of_vegeta_without_requests_has_no_times() -> None:
    """An attack that was ended at once; its zeros are no times, and not from the year 1."""
    nothing = {"total": 0, "mean": 0, "50th": 0, "90th": 0, "95th": 0, "99th": 0, "max": 0, "min": 0}
    moment = "0001-01-01T00:00:00Z"
    report = {"latencies": nothing, "requests": 0, "success": 0, "earliest": moment, "end": moment, "status_codes": {}}
    found = read_value(report)
    assert [entry.statistic("mean") for entry in found.entries] == [None]
    assert found.started_at is None


def test_kinds_of_failures_are_told_of_every_tool_that_has_them() -> None:
    """The status, or else the error in words with its numbers folded."""
    lines = [
        vegeta_result(),
        vegeta_result(code=503, error="503 Service Unavailable"),
        vegeta_result(code=0, error="dial tcp 127.0.0.1:41234: connection refused"),
        vegeta_result(code=0, error="dial tcp 127.0.0.1:41235: connection refused"),
    ]
    kinds = [(one.kind, one.count) for one in read_text("\n".join(lines)).failures]
    assert kinds == [("dial tcp N.N.N.N:N: connection refused", 2), ("HTTP 503", 1)]
    rows = (DATA / "jmeter-5.6.jtl").read_text()
    assert [one.kind for one in read_text(rows).failures]
    report = json.loads((DATA / "vegeta-report.json").read_text())
    assert [(one.kind, one.count) for one in read_value(report).failures] == [("HTTP 500", 4)]


def test_warnings_of_lighthouse_are_told() -> None:
    """A page that was not loaded to its end gives figures all the same."""
    document = json.loads(gzip.decompress((DATA / "lighthouse.json.gz").read_bytes()))
    document["runWarnings"] = ["The page loaded too slowly to finish within the time limit. Results may be incomplete."]
    assert read_value(document).notes == (f"Lighthouse warns: {document['runWarnings'][0]}",)


def test_a_summary_of_no_rounds_states_nothing() -> None:
    """Zero is no statistic of nothing."""
    assert Series("x", given={"mean": 0.0, "p50": 0.0}, rounds=0).statistic("mean") is None
