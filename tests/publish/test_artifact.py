"""Results that somebody else has written: checked to the last byte."""

from __future__ import annotations

import io
import json
import struct
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.errors import RecordingError
from perfgate.publish import artifact
from perfgate.publish.artifact import distinct, parse_untrusted, read_parts
from perfgate.report import json as result_json
from tests.report import results

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
    refused(bomb, "larger than 33,554,432 bytes")


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
        changed(reasons=["x"] * 30_000),
    ],
    ids=range(17),
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


def test_many_results_have_no_more_together_than_one_may_have(tmp_path: Path) -> None:
    """The page is laid out from all of them, and a job has only so much time."""
    reasons = ["x"] * (artifact.MOST_ITEMS // 2)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "result.json").write_bytes(changed(reasons=reasons))
    assert len(read_parts([tmp_path / "a"])) == 1
    refused(tmp_path, "more than 20,000 checks, loads and reasons")
