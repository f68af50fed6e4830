"""What stands in the docs can be copied: perfgate takes its commands and TOML, code compiles, links lead somewhere."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple

import click
import pytest
import tomlkit
import yaml

from perfgate.cli import cli
from tests.plan.writing import plan_of

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LOADS: dict[str, dict[str, Any]] = {
    "peak": {"rate": "20/s", "duration": "60s"},
    "stress": {"users": [10, 20], "step": "20s"},
    "spike": {
        "users": 1,
        "spike_users": 2,
        "spike_at": "10s",
        "spike_duration": "10s",
        "duration": "60s",
    },
    "normal": {"users": 20, "duration": "60s"},
}
LARGEST_PICTURE_B = 150_000
FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block, and where it stands."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    """The fenced blocks of a page."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, match.start()) + 1, match[2], dedent(match[3]))
        for match in FENCED.finditer(text)
    ]


BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return FENCED.sub("", page.read_text(encoding="utf-8"))


def written_in(*languages: str) -> list[Block]:
    """The blocks in these languages."""
    return [block for block in BLOCKS if block.language in languages]


def completed(table: dict[str, Any]) -> dict[str, Any]:
    """A part of a budgets file, with the keys that the page leaves to the reader."""
    services: dict[str, dict[str, Any]] = table.get("services", {})
    for accepted in table.get("accept", []):
        services.setdefault(accepted["service"], {})
    if not services and not table.keys() & {"benchmarks", "artifacts"}:
        services = {"any": {}}
    for service in services.values():
        service.setdefault("url", "http://127.0.0.1:{port}" if "{port}" in str(service) else "http://127.0.0.1:8000")
        service.setdefault("scenario", "scenario.py")
    if services:
        table = {**table, "services": services}
        named = {name for service in services.values() for name in mentioned(service)}
        table["loads"] = {name: load for name, load in LOADS.items() if name in named} | table.get("loads", {})
        table["loads"] = table["loads"] or {"normal": LOADS["normal"]}
    return table


def mentioned(service: dict[str, Any]) -> set[str]:
    """The loads that a service names."""
    budgets = [service.get("budget", {}), *(end.get("budget", {}) for end in service.get("endpoints", {}).values())]
    own = {name for budget in budgets for name, value in budget.items() if isinstance(value, dict)}
    return (set(service.get("loads", [])) | own) & LOADS.keys()


@pytest.mark.parametrize("block", written_in("toml"), ids=str)
def test_toml_is_read_by_perfgates_own_parser(block: Block) -> None:
    """Each block is a budgets file, or a part of one."""
    plan_of(tomlkit.dumps(completed(tomllib.loads(block.text))))


def test_toml_that_perfgate_would_refuse_is_found() -> None:
    """A key that there is not, in a part that has to be completed."""
    with pytest.raises(Exception, match="max_slowness"):
        plan_of(tomlkit.dumps(completed(tomllib.loads('[gate]\nmax_slowness = "10%"\n'))))


def commands() -> list[tuple[str, str]]:
    """Each perfgate command of shells and workflows, with its place."""
    shells = [(block, line) for block in written_in("", "sh", "bash", "console", "yaml") for line in joined(block.text)]
    return sorted({(str(block), command) for block, line in shells for command in commands_of(line)})


def named() -> list[tuple[str, str]]:
    """Each perfgate command in the middle of a sentence, with its page; values and brackets may be left out there."""
    spans = {(page, span) for page in PAGES for span in re.findall(r"`(perfgate [a-z][^`\n]*)`", prose(page))}
    return sorted((str(page.relative_to(ROOT)), span) for page, span in spans)


def joined(text: str) -> list[str]:
    """The lines of a shell, continued ones as one."""
    return re.sub(r"\\\n\s*", "", text).splitlines()


def commands_of(line: str) -> list[str]:
    """The perfgate command that a line of a shell is, after a prompt, a condition or a step's `run:`."""
    match = re.match(r"\s*(?:\$ |- run: |if |! |.*&& |docker run .* )?(perfgate(?: .*)?)$", line)
    return [match[1]] if match else []


def words_of(command: str) -> list[str]:
    """The arguments of a command, up to where the shell goes on with something else."""
    words = shlex.split(command, comments=True)[1:]
    ends = [place for place, word in enumerate(words) if word in {"|", "||", "&&", ";", "{", "<", ">"}]
    kept = words[: min(ends, default=len(words))]
    return [word for word in kept if not re.match(r"[<>]", word)]


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that these arguments name, and those that are left for it."""
    context = click.Context(cli)
    command: click.Command = cli
    while isinstance(command, click.Group) and words and not words[0].startswith(("-", "[")):
        found = command.get_command(context, words[0])
        assert found is not None, f"there is no command {words[0]}"
        command, words = found, words[1:]
    return command, words


def arguments_are_known(words: list[str]) -> None:
    """Raise what click would raise for these arguments; nothing is run."""
    command, rest = command_of(words)
    if rest != ["--help"]:
        command.make_context(command.name, rest, parent=click.Context(cli), resilient_parsing=not rest)


@pytest.mark.parametrize(("place", "command"), commands())
def test_each_command_is_one_that_the_command_line_knows(place: str, command: str) -> None:
    """With its options and their kinds of values."""
    arguments_are_known(words_of(command))


@pytest.mark.parametrize(("page", "command"), named())
def test_each_option_that_a_sentence_names_is_one_of_its_command(page: str, command: str) -> None:
    """`perfgate baseline prune [--keep TIME]` names the command `prune` and its option."""
    found, rest = command_of(command.split()[1:])
    options = {name for parameter in found.params for name in (*parameter.opts, *parameter.secondary_opts)}
    assert set(re.findall(r"--[a-z-]+", " ".join(rest))) <= options | {"--help"}


@pytest.mark.parametrize("words", [["run", "--lod", "normal"], ["compare", "--max-duration", "5"], ["forget"]])
def test_a_command_that_would_be_refused_is_found(words: list[str]) -> None:
    """An option, a value and a command that there are not."""
    with pytest.raises(click.UsageError):
        arguments_are_known(words)


@pytest.mark.parametrize("block", written_in("python"), ids=str)
def test_python_compiles(block: Block) -> None:
    """A page may leave out what stands around it; what uses gRPC or a service of one's own is run nowhere else."""
    ast.parse(block.text)


@pytest.mark.parametrize("block", written_in("sh", "bash"), ids=str)
def test_shell_is_read_by_a_shell(block: Block) -> None:
    """What it prints stands in blocks without a language."""
    done = subprocess.run(["bash", "-n"], input=block.text, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("block", written_in("yaml"), ids=str)
def test_yaml_loads(block: Block) -> None:
    """Steps, jobs and manifests."""
    assert list(yaml.safe_load_all(block.text))


@cache
def anchors(page: Path) -> set[str]:
    """The names of a page's headings, as sites make them."""
    titles = re.findall(r"^#+ (.*)$", FENCED.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """To a file of the repository, and to a heading in it."""
    for target in re.findall(r"\]\((?!\w+:)([^)\s]*)\)", prose(page)):
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


@pytest.mark.parametrize("picture", sorted((ROOT / "docs" / "images").glob("*.[ps][nv]g")), ids=lambda path: path.name)
def test_pictures_are_small_and_shown(picture: Path) -> None:
    """Each is on some page, and quick to load."""
    assert picture.stat().st_size < LARGEST_PICTURE_B
    assert any(f"images/{picture.name}" in page.read_text(encoding="utf-8") for page in PAGES)


def test_the_readme_begins_with_the_two_commands() -> None:
    """One sets up and shows it, one sets up and tests it."""
    first = blocks_of(ROOT / "README.md")[0]
    assert [line.split("#")[0].strip() for line in first.text.splitlines()] == ["make demo", "make test"]
