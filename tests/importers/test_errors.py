"""Files that are wrong: each error names the line and says what to do; nothing of the file is used."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from perfgate import importers
from perfgate.errors import ExitCode, ImportFileError
from tests.importers.files import (
    DATA,
    JTL_HEADER,
    K6_REQUESTS,
    k6_point,
    read_bytes,
    read_text,
    read_value,
    vegeta_result,
)

if TYPE_CHECKING:
    from pathlib import Path

ROW = "1772600000000,5,GET /,200,true,4\n"
STATS = (DATA / "locust_stats.csv").read_text()
HISTORY = (DATA / "locust_stats_history.csv").read_text()


def refused(text: str | bytes, tool: str | None = None) -> tuple[str, int | None, str]:
    """The slug, the line and the message with which a file is refused."""
    with pytest.raises(ImportFileError) as raised:
        read_bytes(text if isinstance(text, bytes) else text.encode(), tool)
    error = raised.value
    assert error.exit_code == ExitCode.USAGE
    assert error.hint
    line = error.place.rpartition(":")[2]
    return error.slug, int(line) if line.isdecimal() else None, f"{error.message} ({error.hint})"


def changed(name: str, old: str, new: str, count: int = 1) -> str:
    """A real file with something else in it."""
    text = (DATA / name).read_text()
    assert old in text
    return text.replace(old, new, count)


LINES: list[tuple[str, str, int, str]] = [
    # k6
    (f"{K6_REQUESTS}\n{k6_point()}\nnot json\n", "import-file", 3, "not JSON"),
    (f"{K6_REQUESTS}\n{k6_point()}\n{k6_point()[:40]}", "import-cut-off", 3, "last line ends too early"),
    (f"{K6_REQUESTS}\n{k6_point(-1)}\n", "import-file", 2, "-1 is no time"),
    (f"{K6_REQUESTS}\n{k6_point(float('nan'))}\n", "import-file", 2, "NaN is no number"),
    (f"{K6_REQUESTS}\n{k6_point('fast')}\n", "import-file", 2, "'fast' is no time"),
    (f"{K6_REQUESTS}\n{k6_point(True)}\n", "import-file", 2, "True is no time"),
    (f"{K6_REQUESTS}\n{k6_point(10**30)}\n", "import-file", 2, "is no time"),
    (f"{k6_point()}\n", "import-cut-off", 1, "the beginning of the file is missing"),
    (f"{K6_REQUESTS}\n{k6_point(1, method='GET', name='/')}\n", "import-file", 2, "systemTags"),
    (f"{K6_REQUESTS}\n{k6_point(1, status='two')}\n", "import-file", 2, "no line of k6"),
    (f'{K6_REQUESTS}\n{{"type":"Trace","metric":"x","data":{{}}}}\n', "import-file", 2, "'Trace' is not known"),
    (f"{K6_REQUESTS}\n[1, 2]\n", "import-file", 2, "no line of k6"),
    (f'{K6_REQUESTS}\n{{"type":"Point","data":{{}}}}\n', "import-file", 2, "'metric' is missing"),
    (f"{K6_REQUESTS}\n{k6_point().replace('2026-03-04T', 'today ')}\n", "import-file", 2, "no line of k6"),
    (f"{K6_REQUESTS}\n{k6_point().replace('2026', '0001')}\n", "import-file", 2, "a time that cannot be"),
    # Vegeta
    (f"{vegeta_result()}\n{vegeta_result(latency=-5)}\n", "import-file", 2, "latency: -5 is no time"),
    (f"{vegeta_result()}\n{vegeta_result(latency=None)}\n", "import-file", 2, "latency: None is no time"),
    (f'{vegeta_result()}\n{{"code":200}}\n', "import-file", 2, "'latency' is missing"),
    (f"{vegeta_result()}\n{vegeta_result()[:-9]}", "import-cut-off", 2, "ends too early"),
    (changed("vegeta-report.json", '"mean":4', '"mean":-4'), "import-file", 1, "latencies.mean: -4776398 is no time"),
    # JMeter
    (JTL_HEADER + ROW + "1772600000001,7,GET /", "import-cut-off", 3, "the last line has no end"),
    (JTL_HEADER + ROW + "1772600000001,7,GET /\n", "import-file", 3, "3 cells, and the header has 6"),
    (JTL_HEADER + ROW + ROW.replace(",4", ",4,9"), "import-file", 3, "two versions of the tool"),
    (JTL_HEADER + ROW + JTL_HEADER + ROW, "import-file", 3, "a second header"),
    (JTL_HEADER + ROW.replace(",5,", ",-5,"), "import-file", 2, "elapsed: '-5' is no time"),
    (JTL_HEADER + ROW.replace(",5,", ",NaN,"), "import-file", 2, "elapsed: 'NaN' is no time"),
    (JTL_HEADER + ROW.replace(",5,", ",,"), "import-file", 2, "elapsed: '' is no time"),
    (JTL_HEADER + ROW.replace("true", "maybe"), "import-file", 2, "success: 'maybe'"),
    (JTL_HEADER + ROW + ROW.replace("1772600000000", "soon"), "import-file", 3, "timeStamp: 'soon' cannot be read"),
    (JTL_HEADER + ROW.replace("1772600000000", "9" * 30), "import-file", 2, "a time that cannot be"),
    (JTL_HEADER.replace("success", "ok") + ROW, "import-file", 1, "no column 'success'"),
    (JTL_HEADER + '1772600000000,5,"GET /,200,true,4\n', "import-cut-off", 2, "a quoted cell has no end"),
    (JTL_HEADER + '1772600000000,5,"GET"x,200,true,4\n', "import-file", 2, "not CSV"),
    (JTL_HEADER.replace("Latency", "SampleCount") + ROW, "import-file", 2, "4 samples in one"),
    (ROW, "import-file", 1, "print_field_names"),
    ('<?xml version="1.0"?>\n<testResults>\n', "import-file", 1, "output_format=csv"),
    # Locust
    (STATS.replace(",115,12,", ",115,116,"), "import-file", 3, "116 failures of 115 requests"),
    (STATS.replace("6.0566", "-6.0566"), "import-file", 3, "Average Response Time: '-6.05660322"),
    (STATS.replace("6.0566032260933005", "inf"), "import-file", 3, "'inf' is no number"),
    (STATS[: STATS.index(",Aggregated")], "import-cut-off", 4, "'Aggregated', is missing"),
    (STATS.replace("Min Response Time", "Fastest"), "import-file", 1, "no column 'Min Response Time'"),
    (HISTORY.replace("1795256674", "noon"), "import-file", 3, "Timestamp: 'noon'"),
    (HISTORY.splitlines(keepends=True)[0], "import-cut-off", 2, "there is no row"),
    ((DATA / "locust_failures.csv").read_text(), "import-file", 1, "_stats.csv"),
    (changed("locust.json", '"5": 93', '"5": 92'), "import-file", 2, "143 requests, 14 failed, and 142 times"),
    (changed("locust.json", '"5": 93', '"-5": 93'), "import-file", 16, "-5.0 is no time"),
    (changed("locust.json", '"5": 93', '"five": 93'), "import-file", 16, "'five' is no time"),
    (changed("locust.json", '"5": 93', '"5": -93'), "import-file", 16, "-93 is no number"),
    # documents
    (changed("pytest-benchmark.json", '"rounds": 20', '"rounds": 19'), "import-file", 48, "19 rounds, and 20 times"),
    (changed("pytest-benchmark.json", '"rounds": 20', '"rounds": 2.5'), "import-file", 53, "2.5 is no number"),
    (changed("pytest-benchmark.json", '"fullname"', '"fullname" "x"'), "import-file", 34, "not JSON"),
    (changed("pytest-benchmark-saved.json", '"median"', '"middle"'), "import-file", 48, "has no 'median'"),
    (changed("pytest-benchmark.json", "+00:00", "+99:00"), "import-file", 341, "is no date"),
    (changed("hyperfine.json", "        0.01", "        -0.01"), "import-file", 13, "is no time"),
    (changed("google-benchmark.json", '"time_unit": "ns"', '"time_unit": "jiffies"'), "import-file", 51, "'jiffies'"),
    (changed("google-benchmark.json", '"run_type"', '"kind"'), "import-file", 39, "Google Benchmark 1.5"),
    # of no known tool
    ("", "import-cut-off", 1, "empty"),
    ("hello\n", "import-unknown", 1, "'hello'"),
    ("{}", "import-unknown", 1, "nothing tells"),
    ("[]\n", "import-unknown", 1, "nothing tells"),
    ('{"a": 1,\n "b":\n', "import-cut-off", 3, "ends too early"),
    ('{"a": "b', "import-cut-off", 1, "ends too early"),
    ('{"a": 1,\n nonsense}\n', "import-file", 2, "not JSON"),
]


@pytest.mark.parametrize(("text", "slug", "line", "words"), LINES)
def test_what_is_wrong_is_told_with_its_line(text: str, slug: str, line: int, words: str) -> None:
    """file:line, what is wrong, and the next step."""
    found = refused(text)
    assert found[:2] == (slug, line), found
    assert words in found[2]


def _with(path: list[Any], value: float) -> str:
    document = json.loads((DATA / "pytest-benchmark.json").read_text())
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return json.dumps(document, indent=4)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1e-9])
def test_a_wrong_time_deep_in_a_document_is_found_on_its_line(value: float) -> None:
    """Python writes NaN into JSON; the line is that of the round itself."""
    text = _with(["benchmarks", 2, "stats", "data", 7], value)
    _, line, words = refused(text)
    written = next(n for n, row in enumerate(text.splitlines(), 1) if row.strip(" ,") in {"NaN", "Infinity", "-1e-09"})
    assert line == written
    assert words.startswith("benchmarks[2].stats.data[7]: ")


def test_a_page_that_could_not_be_loaded_is_an_error_with_lighthouses_own_reason() -> None:
    """Its metrics are all absent then."""
    report: dict[str, Any] = {"lighthouseVersion": "12.8.2", "fetchTime": "2026-03-04T04:53:20Z", "audits": {}}
    with pytest.raises(ImportFileError, match=r"could not measure the page: .*refused"):
        read_value(report | {"runtimeError": {"code": "FAILED", "message": "the connection was refused"}})
    with pytest.raises(ImportFileError, match="none of the Web Vitals"):
        read_value(report)


@pytest.mark.parametrize(
    ("text", "tool"), [(f"{K6_REQUESTS}\n", "k6"), (JTL_HEADER, "jmeter"), ('{"results": []}', "hyperfine")]
)
def test_a_file_in_which_nothing_was_measured_is_no_result(text: str, tool: str) -> None:
    """Unknown is never pass."""
    assert "nothing was measured" in refused(text, tool)[2]


def test_another_tools_file_is_told_apart() -> None:
    """The message says what it looks like."""
    slug, line, words = refused((DATA / "vegeta.json").read_text(), "k6")
    assert (slug, line) == ("import-file", 1)
    assert "no result file of k6" in words
    assert "like one of vegeta" in words


def test_a_compressed_file_that_ends_too_early_says_so() -> None:
    """Whatever could be unpacked is not judged."""
    whole = (DATA / "k6.json.gz").read_bytes()
    slug, line, words = refused(whole[: len(whole) // 2])
    assert slug == "import-cut-off"
    assert line is not None
    assert 1 < line < 1940
    assert "compressed file ends too early" in words


def test_a_damaged_compressed_file_says_so() -> None:
    """By its checksum, or because it cannot be unpacked at all."""
    plain = gzip.compress((DATA / "vegeta.json").read_bytes())
    assert "damaged" in refused(plain[:-8] + b"12345678")[2]
    assert "damaged" in refused(plain[:10] + b"\xff" * 30)[2]


def test_what_is_no_text_is_refused() -> None:
    """PowerShell writes UTF-16 where a tool's output is sent to a file."""
    text = (DATA / "vegeta-report.json").read_text()
    assert "save it as UTF-8" in refused(text.encode("utf-16"))[2]
    assert refused(JTL_HEADER.encode() + ROW.encode() + b"17726\xff")[1] == 3


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    """A gzipped file of a few kB can unpack to anything."""
    assert "longer than 16 MB" in refused(gzip.compress(b'{"a": "' + b"x" * (17 * 1024 * 1024)))[2]


def test_deep_nesting_is_an_error_and_no_crash() -> None:
    """Of a document, and of a line."""
    refused("[" * 100_000)
    assert refused(f"{K6_REQUESTS}\n{'[' * 100_000}\n")[1] == 2


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    """Missing, or a folder."""
    with pytest.raises(ImportFileError) as raised:
        importers.read(tmp_path / name)
    assert raised.value.slug == "import-missing"
    assert str(tmp_path) in raised.value.place


def test_files_are_closed_whatever_happens() -> None:
    """Also those that were looked at and refused."""
    before = _open_files()
    for _ in range(5):
        refused("hello\nworld\n")
        read_text(JTL_HEADER + ROW)
    assert not _open_files() - before


def _open_files() -> Counter[str]:
    """Files alone, by path: sockets and pipes that other tests have left may be closed at any time."""
    return Counter(file.path for file in psutil.Process().open_files())
