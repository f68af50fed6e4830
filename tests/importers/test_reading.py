"""Files as they come: gzipped, of other versions and settings of the tools, and with things in them that mislead."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from perfgate import importers
from perfgate.errors import ExitCode, ImportFileError
from perfgate.importers.gathering import endpoint_name, told_apart
from perfgate.importers.imported import ImportedEndpoint, Series
from perfgate.importers.percentile_name import statistic_named
from perfgate.plan.benchmarks import TOOLS as NAMED
from tests.importers.files import (
    DATA,
    JTL_HEADER,
    K6_DEFINITION,
    K6_REQUESTS,
    entry,
    k6_point,
    read_bytes,
    read_text,
    read_value,
    real,
    told,
    vegeta_result,
)

if TYPE_CHECKING:
    from pathlib import Path


def endpoint(imported: Any, name: str) -> ImportedEndpoint:
    """The endpoint of this name."""
    found = entry(imported, name)
    assert isinstance(found, ImportedEndpoint)
    return found


@pytest.mark.parametrize("name", ["vegeta.json", "jmeter-5.6.jtl", "pytest-benchmark.json", "locust.json"])
def test_gzipped_files_are_read_as_they_are(name: str) -> None:
    """What is in the file decides, not what it is called."""
    assert told(read_bytes(gzip.compress((DATA / name).read_bytes()), name="plain.txt")) == told(real(name))


def test_a_byte_order_mark_is_no_part_of_the_first_column() -> None:
    """Programs on Windows write one."""
    assert read_text("\ufeff" + JTL_HEADER + "1772600000000,5,GET /,200,true,4\n").tool == "jmeter"


def test_windows_ends_of_lines_do_no_harm() -> None:
    """The same rows, whatever ends them."""
    text = (DATA / "jmeter-2.13.jtl").read_text()
    assert told(read_bytes(text.replace("\n", "\r\n").encode())) == told(real("jmeter-2.13.jtl"))


def test_k6_counts_as_failed_what_it_did_not_expect() -> None:
    """Without the tag that says so, the status does; a status of 0 is no answer at all."""
    points = [
        k6_point(1, method="GET", name="/", expected_response="true", status="404"),
        k6_point(2, method="GET", name="/", expected_response="false", status="200"),
        k6_point(3, method="GET", name="/", status="200"),
        k6_point(4, method="GET", name="/", status="503"),
        k6_point(5, method="GET", name="/", status="0"),
    ]
    found = endpoint(read_text("\n".join([K6_REQUESTS, *points])), "GET /")
    assert (found.requests, found.failures) == (5, 3)
    assert found.latency_ms is not None
    assert (found.latency_ms.minimum, found.latency_ms.maximum) == (1, 3)


def test_trends_of_a_k6_script_are_series() -> None:
    """Times in ms, sizes in bytes, others without a unit; counters and rates have nothing to judge here."""
    lines = [
        K6_DEFINITION.replace("NAME", "login_time"),
        K6_DEFINITION.replace("NAME", "score").replace('"time"', '"default"'),
        K6_DEFINITION.replace("NAME", "orders").replace('"trend"', '"counter"'),
        k6_point(7, "login_time"),
        k6_point(-3, "score"),
        k6_point(1, "orders"),
    ]
    imported = read_text("\n".join(lines))
    assert [(found.name, found.unit, found.statistic("max")) for found in imported.entries] == [
        *(("login_time", "ms", 7), ("score", "", -3)),
    ]


def test_blank_lines_between_json_lines_are_passed_over() -> None:
    """Joined files have them."""
    assert len(read_text(f"{K6_REQUESTS}\n\n{k6_point()}\n\n").entries) == 1


def test_the_summary_that_a_k6_script_writes_is_read_too() -> None:
    """`handleSummary` has the values one level deeper, and says what each contains, and how long it took."""
    summary = {
        "metrics": {
            "http_req_duration": {"type": "trend", "contains": "time", "values": {"avg": 3, "med": 2, "p(99.9)": 9}},
            "http_reqs": {"type": "counter", "contains": "default", "values": {"count": 2000, "rate": 1}},
            "http_req_failed": {"type": "rate", "contains": "default", "values": {"passes": 20, "fails": 1980}},
            "body": {"type": "trend", "contains": "data", "values": {"avg": 10}},
        },
        "state": {"testRunDurationMs": 2500},
    }
    imported = read_value(summary)
    found = endpoint(imported, "http_req_duration")
    assert (found.requests, found.failures, found.statistic("p99_9"), found.mixed) == (2000, 20, 9, True)
    assert (imported.duration_s, entry(imported, "body").unit) == (2.5, "")


def test_a_percentile_needs_enough_requests_also_when_the_file_states_one() -> None:
    """The 95th percentile of ten requests is the slowest of them under another name."""
    report = {
        "latencies": {"mean": 1e6, "50th": 1e6, "95th": 2e6, "max": 2e6, "min": 1e6},
        "requests": 10,
        "success": 1,
        "earliest": "2026-03-04T04:53:20Z",
        "end": "2026-03-04T04:53:21Z",
    }
    found = read_value(report).entries[0]
    assert (found.statistic("p50"), found.statistic("p95"), found.statistic("max")) == (1, None, 2)


@pytest.mark.parametrize(
    ("written", "delimiter"),
    [("2026/03/04 04:53:20.500", ","), ("2026-03-04 04:53:20,500", "\t"), ("1772600000500", ";")],
)
def test_jmeter_may_be_set_to_other_delimiters_and_dates(written: str, delimiter: str) -> None:
    """`jmeter.save.saveservice.default_delimiter` and `timestamp_format`; columns may stand in any order."""
    header = delimiter.join(["timeStamp", "elapsed", "success", "label"])
    row = delimiter.join([written, "12", "true", "GET /"])
    imported = read_text(f"{header}\n{row}\n")
    assert imported.duration_s == pytest.approx(0.012)
    assert endpoint(imported, "GET /").statistic("max") == 12


def test_results_of_older_vegetas_have_no_url() -> None:
    """They are named by the attack, or are all one."""
    assert read_text(vegeta_result(method=None, url=None)).entries[0].name == "all requests"
    assert read_text(vegeta_result(method=None, url=None, attack="peak")).entries[0].name == "peak"


def test_a_response_that_broke_off_is_a_failure_whatever_its_status() -> None:
    """Vegeta has its status and an error."""
    assert endpoint(read_text(vegeta_result(error="unexpected EOF")), "GET http://127.0.0.1/items").failures == 1


def test_a_failing_command_has_not_been_measured() -> None:
    """`hyperfine --ignore-failure` goes on; how long it takes to fail says nothing."""
    result = {"command": "make", "times": [0.1, 0.2], "exit_codes": [0, 2], "mean": 0.15}
    assert read_value({"results": [result]}).entries[0].error == "1 of 2 runs failed, with exit code 2"


def test_a_repeated_name_gets_its_number() -> None:
    """`hyperfine true true` measures two commands of one name."""
    found = read_value({"results": [{"command": "true", "times": [0.1]}, {"command": "true", "times": [0.2]}]}).entries
    assert [(one.name, one.also) for one in found] == [("true", ()), ("true (2)", ("true",))]


def test_newer_google_benchmarks_say_skipped() -> None:
    """Since 1.8 both an error and a skip are told in other words."""
    row = {"name": "BM_A", "run_name": "BM_A", "run_type": "iteration", "iterations": 1, "time_unit": "ns"}
    row |= {"real_time": 0, "skipped": True, "skip_message": "no GPU"}
    assert read_value({"context": {"library_version": "1.9.0"}, "benchmarks": [row]}).entries[0].error == "no GPU"


def _lighthouse(**audits: Any) -> dict[str, Any]:
    return {"lighthouseVersion": "12.8.2", "fetchTime": "2026-03-04T04:53:20Z", "audits": audits}


def test_a_page_in_use_has_inp() -> None:
    """A timespan of Lighthouse; without simulated metrics TTFB is the server's own time."""
    audits = {
        "interaction-to-next-paint": {"numericValue": 88, "numericUnit": "millisecond"},
        "server-response-time": {"numericValue": 31.5, "numericUnit": "millisecond"},
    }
    vitals = read_value(_lighthouse(**audits)).entries
    assert [(vital.name, vital.statistic("max")) for vital in vitals] == [("INP", 88), ("TTFB", 31.5)]


def test_a_vital_that_lighthouse_could_not_measure_says_why() -> None:
    """It is there with an error, and not left out."""
    audit = {"scoreDisplayMode": "error", "errorMessage": "NO_LCP"}
    found = read_value(_lighthouse(**{"largest-contentful-paint": audit})).entries[0]
    assert (found.name, found.error, found.statistic("max")) == ("LCP", "NO_LCP", None)


def test_samples_have_statistics_of_their_own() -> None:
    """Interpolated as everywhere; a percentile needs its values; the mean is exact."""
    series = Series("x", samples=tuple(float(value) for value in range(21, 0, -1)))
    assert {name: series.statistic(name) for name in ("mean", "p50", "p90", "p95", "p99", "min", "max")} == {
        "mean": 11,
        "p50": 11,
        "p90": 19,
        "p95": 20,
        "p99": None,
        "min": 1,
        "max": 21,
    }


@pytest.mark.parametrize(
    ("method", "name", "expected"),
    [
        ("GET", "/items", "GET /items"),
        ("GET", "GET /items", "GET /items"),
        ("", "login", "login"),
        ("POST", "https://me:secret@shop.test/orders?token=1#x", "POST https://shop.test/orders"),
        ("GET", "http://[::1]:8000/a@b", "GET http://[::1]:8000/a@b"),
        ("GET", "/go?u=https://a.test/x", "GET /go?u=…"),
        ("GET", "/go?token=1&n=[n]&m={m}", "GET /go?token=…&n=[n]&m={m}"),
    ],
)
def test_endpoints_are_named_as_perfgate_names_them(method: str, name: str, expected: str) -> None:
    """The method once; of URLs neither the query, which would make endless names, nor what is secret."""
    assert endpoint_name(method, name) == expected


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("p(90)", "p90"),
        ("99%", "p99"),
        ("99.9%", "p99_9"),
        ("50th", "p50"),
        ("p(75)", None),
        ("count", None),
        ("", None),
    ],
)
def test_percentiles_have_our_names(name: str, ours: str | None) -> None:
    """Those that no budget can name are left out."""
    assert statistic_named(name) == ours


def test_the_tools_are_known_without_importing_anything_heavy() -> None:
    """The command line lists them in its help."""
    assert importers.names()[0] == "pytest-benchmark"
    with pytest.raises(ImportFileError, match=r"'jmetr' cannot be read.*k6") as raised:
        importers.importer("jmetr")
    assert raised.value.exit_code == ExitCode.USAGE


def test_many_names_are_no_names(tmp_path: Path) -> None:
    """Every URL its own name: memory would grow with the file, and no budget could match."""
    path = tmp_path / "k6.json"
    with path.open("w") as file:
        file.write(f"{K6_REQUESTS}\n")
        file.writelines(f"{k6_point(1, name=f'/items/{number}', status='200')}\n" for number in range(10_001))
    with pytest.raises(ImportFileError, match="more than 10,000 different names") as raised:
        importers.read(path)
    assert raised.value.place.endswith(":10002")


def test_more_values_than_wait_at_a_time_are_all_counted(tmp_path: Path) -> None:
    """They are put into histograms by the hundred thousand."""
    path = tmp_path / "results.jtl"
    rows = (f"1772600000000,{number % 7 + 1},{'ab'[number % 2]},200,true,1\n" for number in range(250_001))
    path.write_text(JTL_HEADER + "".join(rows))
    first, second = importers.read(path).entries
    assert isinstance(first, ImportedEndpoint)
    assert isinstance(second, ImportedEndpoint)
    assert (first.requests, second.requests) == (125_001, 125_000)
    assert first.latency_ms is not None
    assert first.latency_ms.total == sum(number % 7 + 1 for number in range(0, 250_001, 2))


def test_json_of_no_known_tool_is_described() -> None:
    """By its first keys."""
    with pytest.raises(ImportFileError, match="a JSON object with the keys 'a', 'b'") as raised:
        read_text(json.dumps({"a": 1, "b": 2}))
    assert (raised.value.slug, raised.value.exit_code) == ("import-unknown", ExitCode.USAGE)


def test_budgets_name_tools_as_importers_do() -> None:
    """In `tool` of `[benchmarks]`."""
    assert set(NAMED) == set(importers.names())


def test_rows_that_differ_in_their_queries_alone_have_a_mark_that_no_order_changes() -> None:
    """A mark is made of what is left out of the name, so that a row keeps its name whatever else the file has."""
    fulls = ["/go?u=1", "/go?u=2", "/go?u=3", "/other?u=1"]
    rows = [(full, ImportedEndpoint(endpoint_name("GET", full), 1, 0)) for full in fulls]
    names = {full: entry.name for (full, _), entry in zip(rows, told_apart(rows), strict=True)}
    again = {full: entry.name for (full, _), entry in zip(rows[::-1], told_apart(rows[::-1]), strict=True)}
    assert names == again
    assert len(set(names.values())) == 4
    assert names["/other?u=1"] == "GET /other?u=…"
    assert names["/go?u=1"].startswith("GET /go?u=… #")
