"""The image: its Dockerfile can be built, installs what `make` installs, and runs perfgate as nobody special."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from perfgate.cli import cli

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = ROOT / "Dockerfile"
ON_TOP = ROOT / "docs" / "kubernetes" / "Dockerfile"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
KNOWN = {"ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "RUN", "SHELL"}
KNOWN |= {"STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}
PIP = ["-m", "pip", "install"]

Instruction = tuple[str, str]  # its name and all that follows


def instructions(path: Path) -> list[Instruction]:
    """Those of a Dockerfile in their order, continued lines joined, comments left out."""
    kept = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    whole = re.sub(r"\\\n\s*", "", "\n".join(kept))
    found = [line.partition(" ") for line in whole.splitlines() if line.strip()]
    return [(name, rest.strip()) for name, _, rest in found]


def stages(path: Path) -> list[list[Instruction]]:
    """The instructions of each stage, beginning with its FROM; what stands before the first is left out."""
    found: list[list[Instruction]] = []
    for instruction in instructions(path):
        if instruction[0] == "FROM":
            found.append([])
        if found:
            found[-1].append(instruction)
    return found


def copied(stage: list[Instruction]) -> list[tuple[list[str], str]]:
    """What a stage takes from the folder that is built, and where to; not what it takes from other stages."""
    words = [shlex.split(rest) for name, rest in stage if name == "COPY" and "--from=" not in rest]
    bare = [[word for word in line if not word.startswith("--")] for line in words]
    return [(line[:-1], line[-1]) for line in bare]


def docker_is_usable() -> bool:
    """Whether there is a daemon that answers."""
    if shutil.which("docker") is None:
        return False
    try:
        return subprocess.run(["docker", "info"], capture_output=True, timeout=20, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def installs(lines: list[str]) -> list[list[str]]:
    """What each `pip install` of a lock or of this project is told, apart from where it keeps its cache."""
    words = [shlex.split(line) for line in lines if "--no-deps" in line]
    found = [line[line.index("install") + 1 :] for line in words if line[1:4] == PIP]
    return [[word for word in line if word not in {"--no-cache-dir", "--editable"}] for line in found]


@pytest.mark.parametrize("path", [DOCKERFILE, ON_TOP], ids=["image", "kubernetes"])
def test_each_instruction_is_one_that_docker_knows(path: Path) -> None:
    """Each RUN is a shell's, each list of words JSON, and each copied path is there and not ignored."""
    assert [name for name, _ in instructions(path) if name not in KNOWN] == []
    for name, rest in instructions(path):
        if name == "RUN":
            subprocess.run(["sh", "-n", "-c", rest], check=True)
        if name in {"ENTRYPOINT", "CMD"}:
            assert all(isinstance(word, str) for word in json.loads(rest))
    for stage in stages(path):
        for sources, _ in copied(stage):
            assert [source for source in sources if not (path.parent / source).exists()] == []


def test_only_what_is_copied_reaches_the_daemon() -> None:
    """Histories, results and what lies about stay out of the image and of the builder."""
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert ignored[0] == "*"
    wanted = {
        source.removeprefix("./") for stage in stages(DOCKERFILE) for sources, _ in copied(stage) for source in sources
    }
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == wanted


def test_the_image_installs_what_make_installs() -> None:
    """The same commands: the lock with its hashes, nothing resolved, and then whether it fits together."""
    runs = [rest for name, rest in instructions(DOCKERFILE) if name == "RUN"]
    rule = [line.strip().removeprefix("$(BIN)/python") for line in (ROOT / "Makefile").read_text().splitlines()]
    made = installs([f"python {line}" for line in rule if line.strip().startswith("-m pip install")])
    assert installs(runs) == made
    assert made[0][-4:] == ["--no-deps", "--require-hashes", "-r", "requirements.txt"]
    assert any(line.endswith("-m pip check") for line in runs)


def test_the_image_runs_perfgate_and_not_as_root() -> None:
    """On a Python that perfgate supports, as a user by number, which Kubernetes can tell from root."""
    build, last = stages(DOCKERFILE)
    pythons = [re.fullmatch(r"FROM python:(3\.\d+)-slim( AS build)?", " ".join(stage[0])) for stage in (build, last)]
    assert all(found and f"Programming Language :: Python :: {found[1]}" in PROJECT["classifiers"] for found in pythons)
    assert len({found[1] for found in pythons if found}) == 1
    told = dict(last)
    assert json.loads(told["ENTRYPOINT"]) == ["perfgate"]
    assert "perfgate" in PROJECT["scripts"]
    assert int(told["USER"]) > 0
    names = [name for name, _ in last]
    assert "RUN" not in names[names.index("USER") :]
    assert f"--uid {told['USER']} " in " ".join(rest for name, rest in last if name == "RUN")
    assert CliRunner().invoke(cli, json.loads(told["CMD"])).exit_code == 0


def test_what_stands_on_the_image_is_told_which(tmp_path: Path) -> None:
    """No name of an image is assumed: whose it is in a registry is not known."""
    assert instructions(ON_TOP)[:2] == [("ARG", "PERFGATE_IMAGE"), ("FROM", "${PERFGATE_IMAGE}")]
    assert dict(instructions(ON_TOP))["USER"] == dict(stages(DOCKERFILE)[-1])["USER"]


def test_what_is_copied_suffices_to_build_perfgate(tmp_path: Path) -> None:
    """The files that the image gets before perfgate is installed, and nothing else of this checkout."""
    for sources, target in copied(stages(DOCKERFILE)[0]):
        for source in sources:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, tmp_path / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, tmp_path / target)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    done = subprocess.run([*command, "."], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("perfgate-*.whl")
    files = zipfile.ZipFile(wheel).namelist()
    kept = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*.yml")}
    assert {"perfgate/__main__.py", *kept} <= set(files)


@pytest.mark.long
@pytest.mark.skipif(not docker_is_usable(), reason="no Docker daemon answers")
def test_the_image_is_built_and_runs() -> None:
    """Where a daemon answers; elsewhere the tests above are what is known."""
    build = ["docker", "build", "--quiet", str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    image = done.stdout.strip()
    for words in (["--version"], ["schema"]):
        shown = subprocess.run(["docker", "run", "--rm", image, *words], capture_output=True, text=True, check=False)
        assert shown.returncode == 0, shown.stderr
    who = ["docker", "run", "--rm", "--entrypoint", "id", image, "-u"]
    assert subprocess.run(who, capture_output=True, text=True, check=True).stdout.strip() == "10001"
