"""Results that somebody else has written: checked to the last byte."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.errors import RecordingError
from perfgate.publish import artifact
from perfgate.publish.artifact import distinct, parse_untrusted, read_parts
from perfgate.report import json as result_json
from perfgate.report.comment import Context, Part, render
from tests.report import results

if TYPE_CHECKING:
    from perfgate.judge.result import Result

TEXT = result_json.render(results.result())
VALUE = json.loads(TEXT)


def zipped(path: Path, members: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def refused(path: Path, words: str) -> None:
    """It is an error in words, and no other."""
    with pytest.raises(RecordingError, match=words) as caught:
        read_parts([path])
    assert caught.value.slug == "artifact"


def test_a_result_is_read_from_a_file_a_folder_and_an_archive(tmp_path: Path) -> None:
    """However deep it lies."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "result.json").write_text(TEXT)
    archive = zipped(tmp_path / "artifact.zip", {"run/result.json": TEXT, "run/report.html": "x"})
    for path in (tmp_path / "a" / "b" / "result.json", tmp_path / "a", archive):
        (part,) = read_parts([path])
        assert (part.name, part.result) == ("", results.result())


def test_several_results_are_named_by_what_tells_them_apart(tmp_path: Path) -> None:
    """By their folders or their files."""
    for name in ("linux", "macos"):
        (tmp_path / f"perfgate-{name}").mkdir()
        (tmp_path / f"perfgate-{name}" / "result.json").write_text(TEXT)
        (tmp_path / f"{name}.json").write_text(TEXT)
    assert [part.name for part in read_parts([tmp_path])] == ["perfgate-linux", "perfgate-macos"]
    files = [tmp_path / "linux.json", tmp_path / "macos.json"]
    assert [part.name for part in read_parts(files)] == ["linux", "macos"]


@given(st.lists(st.text("ab/.:", min_size=1), min_size=2, max_size=5))
def test_any_names_can_be_told_apart_without_an_error(places: list[str]) -> None:
    """One for each."""
    assert len(distinct(places)) == len(places)


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    """They could lead to any file of the trusted job."""
    (tmp_path / "secret").write_text(TEXT)
    (tmp_path / "artifact").mkdir()
    (tmp_path / "artifact" / "result.json").symlink_to(tmp_path / "secret")
    refused(tmp_path / "artifact", "there is no result.json")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "result.json").write_text(TEXT)
    (tmp_path / "artifact" / "inner").symlink_to(tmp_path / "elsewhere")
    refused(tmp_path / "artifact", "there is no result.json")


@pytest.mark.parametrize(
    "name", ["../result.json", "/etc/result.json", "a/../../result.json", "..\\result.json", "C:\\result.json"]
)
def test_a_name_that_leads_out_of_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    """Nothing is written anyway; it is no honest archive."""
    archive = zipped(tmp_path / "a.zip", {"x": ""})
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr(zipfile.ZipInfo(name), TEXT)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(RecordingError):
        read_parts([archive])
    assert sorted(tmp_path.iterdir()) == before


def test_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    """As Unix archives can hold them."""
    member = zipfile.ZipInfo("result.json")
    member.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(member, "/etc/passwd")
    refused(tmp_path / "a.zip", "is a link")


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """Forty megabytes of zeros are forty kilobytes."""
    bomb = zipped(tmp_path / "a.zip", {"result.json": b"0" * (artifact.LARGEST_FILE + 1)})
    assert bomb.stat().st_size < 100_000
    refused(bomb, "larger than 67,108,864 bytes")


def test_a_bomb_that_lies_about_its_size_is_not_unpacked(tmp_path: Path) -> None:
    """What the archive says of its sizes is not believed."""
    data = zipped(tmp_path / "a.zip", {"result.json": b"0" * (artifact.LARGEST_FILE + 1)}).read_bytes()
    size = struct.pack("<I", artifact.LARGEST_FILE + 1)
    (tmp_path / "a.zip").write_bytes(data.replace(size, struct.pack("<I", 10)))
    with pytest.raises(RecordingError) as caught:
        read_parts([tmp_path / "a.zip"])
    assert caught.value.slug == "artifact"


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    """Of any name."""
    refused(zipped(tmp_path / "a.zip", {f"{number}": "" for number in range(10_001)}), "more than 10,000 files")


def test_too_many_results_are_refused(tmp_path: Path) -> None:
    """A comment holds no more."""
    refused(zipped(tmp_path / "a.zip", {f"{number}/result.json": "{}" for number in range(101)}), "more than 100")


def test_a_file_that_is_too_large_is_not_read_to_its_end(tmp_path: Path) -> None:
    """A sparse file of a gigabyte."""
    with (tmp_path / "result.json").open("wb") as file:
        file.truncate(2**30)
    refused(tmp_path / "result.json", "larger than")


def changed(**changes: Any) -> bytes:
    return json.dumps({**VALUE, **changes}).encode()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        changed(duration_s=float("nan")),
        changed(duration_s=float("inf")),
        TEXT.replace('"duration_s": 160.0', '"duration_s": 1e999').encode(),
        TEXT.replace('"exit_code": 1', '"exit_code": ' + "9" * 400).encode(),
        TEXT.replace('"exit_code": 1', '"exit_code": ' + "9" * 5_000).encode(),
        changed(verdict="great"),
        changed(format=2),
        changed(surprise=1),
        changed(runs={}),
    ],
    ids=range(16),
)
def test_what_is_no_result_is_an_error_in_words(text: bytes) -> None:
    """Never a traceback, never another error."""
    with pytest.raises(RecordingError) as caught:
        parse_untrusted(text, "result.json")
    assert caught.value.slug == "artifact"
    assert len(caught.value.message) < 1_000


@given(st.binary(max_size=300))
def test_any_bytes_are_a_result_or_an_error_in_words(data: bytes) -> None:
    """Also within an archive."""
    with pytest.raises(RecordingError):
        parse_untrusted(data, "result.json")


@given(st.data())
def test_a_damaged_archive_is_an_error_in_words_or_read_well(data: st.DataObject) -> None:
    """Any byte of it may be another."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("result.json", '{"format": 1}')
    damaged = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "artifact.zip")
        path.write_bytes(damaged)
        with pytest.raises(RecordingError):
            read_parts([path])


def test_a_string_of_ten_megabytes_is_read_and_shown_cut() -> None:
    """It is valid; the comment has room for the beginning of it."""
    from perfgate.report.comment import Context, Part, render

    result = parse_untrusted(changed(reasons=["x" * 10_000_000]), "result.json")
    assert len(render([Part("", result)], Context())) < 65_536


@pytest.mark.parametrize("hostile", ["x\n::stop-commands::y", "x\r\n::error::y", "x\x1b[2J"])
def test_no_name_begins_a_line_of_the_jobs_output(tmp_path: Path, hostile: str) -> None:
    """GitHub obeys lines that begin with `::`, and a terminal obeys escape sequences."""
    (tmp_path / hostile).mkdir()
    (tmp_path / hostile / "result.json").write_text("{")
    in_archive = zipped(tmp_path / "a.zip", {f"{hostile.replace(':', '')}/result.json": "{"})
    of_a_key = tmp_path / "key.json"
    of_a_key.write_bytes(changed(**{hostile: 1}))
    for path in (tmp_path / hostile, in_archive, of_a_key):
        with pytest.raises(RecordingError) as caught:
            read_parts([path])
        assert (caught.value.message + caught.value.place).isprintable()


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    """Readers do not agree on which of them counts."""
    text = changed().decode()
    (tmp_path / "result.json").write_text('{"verdict": "pass", ' + text.lstrip()[1:])
    refused(tmp_path, "twice")


def many(count: int) -> Result:
    """An import of so many names, each of which fails, and one that passes before them."""
    names = [f"GET /items/{number}/reviews" for number in range(count)]
    checks = [results.check("pass"), *(results.check("fail", endpoint=name, observed=300.0) for name in names)]
    reasons = [f"benchmarks {check.endpoint}: {check.message}" for check in checks[1:]]
    return results.passed(
        verdict="fail", exit_code=1, kind="benchmarks", runs=[], services=[], checks=checks, reasons=reasons
    )


def test_whatever_perfgate_wrote_can_be_commented_on(tmp_path: Path) -> None:
    """Six thousand names may fail: all are counted, and what does not fit into a comment is said."""
    (tmp_path / "result.json").write_text(result_json.render(many(6_000)))
    (part,) = read_parts([tmp_path])
    text = render([part], Context())
    assert "and 5,999 more checks failed" in text
    assert "rows were left out**" in text


def test_the_worst_of_too_many_checks_are_kept_and_the_others_counted() -> None:
    """The page is laid out from all of them, and a job has only so much time."""
    whole = many(300)
    assert artifact.trimmed(whole, 601) is whole
    cut = artifact.trimmed(whole, 200)
    assert ([check.status for check in cut.checks], len(cut.reasons)) == (["fail"] * 100, 100)
    text = render([Part("", cut)], Context())
    assert "301 checks and 300 reasons are too many to be told of here: the 100 worst" in text
    run = results.run(checks=whole.checks, reasons=whole.reasons)
    cut = artifact.trimmed(results.passed(runs=[run, run]), 100)
    assert sum(len(one.checks) for one in cut.runs) <= 100
    assert sum(len(one.reasons) for one in cut.runs) + len(cut.reasons) <= 50


def member(content: bytes, method: int, name: str = "result.json") -> bytes:
    """An archive with one file in it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


BLANKS = 40 * 1024 * 1024
SMALL = 700 * 1024 * 1024  # bytes of address space; perfgate and Python alone have about 200 MB


@pytest.fixture(scope="module")
def bombs() -> dict[str, bytes]:
    """Archives of kilobytes that unpack to more than a result may have, some at once."""
    content = b" " * BLANKS
    found = {
        "bzip2": member(content, zipfile.ZIP_BZIP2),
        "lzma": member(content, zipfile.ZIP_LZMA),
        "deflated": member(content, zipfile.ZIP_DEFLATED),
        "arrays": member(b"[" + b"[]," * 10_000_000 + b"[]]", zipfile.ZIP_DEFLATED),
    }
    found["nested"] = member(found["deflated"], zipfile.ZIP_STORED, "artifact.zip")
    found["a result that is one"] = member(found["bzip2"], zipfile.ZIP_STORED)
    lying = bytearray(found["deflated"])
    at = lying.rindex(b"PK\x01\x02")
    lying[at + 24 : at + 28] = struct.pack("<I", 10)
    found["lying"] = bytes(lying)
    listed = bytearray(member(b"{}", zipfile.ZIP_STORED))
    at = listed.rindex(b"PK\x05\x06")
    listed[at + 12 : at + 16] = struct.pack("<I", 2**31)
    found["list"] = bytes(listed)
    return found


@pytest.mark.parametrize(
    "name", ["bzip2", "lzma", "deflated", "arrays", "nested", "a result that is one", "lying", "list"]
)
@pytest.mark.parametrize("file", ["artifact.zip", "result.json", "folder"])
def test_a_small_archive_never_fills_the_memory(tmp_path: Path, bombs: dict[str, bytes], name: str, file: str) -> None:
    """Whatever way it is packed and wherever it lies: refused in words, with little memory."""
    folder = tmp_path / "artifact"
    folder.mkdir()
    (folder / ("result.json" if file == "result.json" else "artifact.zip")).write_bytes(bombs[name])
    path = folder if file == "folder" else folder / file
    script = (
        "import resource, sys; from pathlib import Path; from perfgate.publish.artifact import read_parts\n"
        f"resource.setrlimit(resource.RLIMIT_AS, ({SMALL}, {SMALL}))\n"
        "from perfgate.errors import RecordingError\n"
        "try: read_parts([Path(sys.argv[1])])\n"
        "except RecordingError as error: print(error.slug, error.message)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.startswith("artifact "), done
    assert "memory" not in done.stdout, "it was refused before that"


def test_a_lack_of_memory_is_told_as_any_result_that_cannot_be_read(tmp_path: Path) -> None:
    """So that the comment says so, and no older verdict is left standing."""
    (tmp_path / "result.json").write_text(json.dumps(VALUE | {"id": "x" * 30_000_000}))
    script = (
        "import resource, sys; from pathlib import Path; from perfgate.publish.artifact import read_parts\n"
        "from perfgate.errors import RecordingError; import psutil; import perfgate.report.json\n"
        "most = psutil.Process().memory_info().vms + 20_000_000; resource.setrlimit(resource.RLIMIT_AS, (most, most))\n"
        "try: read_parts([Path(sys.argv[1])])\n"
        "except RecordingError as error: print(error.slug, error.message)\n"
    )
    words = [sys.executable, "-c", script, str(tmp_path / "result.json")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.startswith("artifact there is not enough memory"), done
