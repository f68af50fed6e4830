"""The house: who may import whom, what is public, and that every error is explained."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import perfgate

REPOSITORY = Path(__file__).resolve().parents[1]
SOURCE = REPOSITORY / "src" / "perfgate"
FORBIDDEN_MODULES = {"utils", "helpers", "common", "base", "misc"}


def _python(code: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_each_floor_imports_only_from_the_floors_below() -> None:
    """The contracts stand in pyproject.toml; import-linter checks them, cycles included."""
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_public_names_are_these_and_each_can_be_had() -> None:
    """The library's interface is small, and lazy."""
    assert sorted(perfgate.__all__) == sorted(["PerfgateError", "__version__", "metric"])
    for name in perfgate.__all__:
        assert getattr(perfgate, name)


def test_the_command_line_imports_nothing_heavy() -> None:
    """`perfgate --help` answers at once, because numpy, pydantic, rich and Locust wait until they are needed."""
    heavy = {"numpy", "scipy", "pydantic", "rich", "locust", "gevent", "psutil", "tomlkit", "jsonschema"}
    loaded = set(_python("import perfgate.cli, sys; print(*sys.modules)").split())
    assert loaded & heavy == set()


def test_the_gate_does_not_import_locust_into_its_own_process() -> None:
    """Importing Locust patches sockets and threads: it happens in the engine's process alone."""
    modules = "perfgate.gate, perfgate.live, perfgate.publish.files, perfgate.scaffold, perfgate.doctor"
    loaded = set(_python(f"import {modules}, sys; print(*sys.modules)").split())
    assert loaded & {"locust", "gevent"} == set()


def test_no_module_has_a_name_that_says_nothing() -> None:
    """One noun per module."""
    assert [path for path in SOURCE.rglob("*.py") if path.stem in FORBIDDEN_MODULES] == []


def _slugs() -> set[str]:
    """Every slug in the source: of error classes, and of single errors."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "slug" and isinstance(node.value, ast.Constant):
                found.add(str(node.value.value))
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0] if isinstance(node, ast.Assign) else None
            if isinstance(target, ast.Name) and target.id == "slug" and isinstance(getattr(node, "value", None), ast.Constant):
                found.add(str(node.value.value))  # type: ignore[union-attr]
    return found


def test_every_error_has_an_entry_in_the_docs() -> None:
    """And the docs explain no error that cannot happen."""
    documented = set(re.findall(r"^### `([a-z0-9-]+)`", (REPOSITORY / "docs" / "errors.md").read_text(), re.MULTILINE))
    assert _slugs() == documented
