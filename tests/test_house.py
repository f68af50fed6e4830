"""The house: who may import whom, what is public, and that every error is explained."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

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
    loaded = _python(
        "import perfgate; from perfgate import *; import sys; "
        "missing = [n for n in perfgate.__all__ if n not in globals()]; assert not missing, missing; "
        "print(*sorted(perfgate.__all__))"
    )
    assert loaded.split() == [
        *("Check", "HttpUser", "PerfgateError", "Plan", "Result", "RunResult", "SequentialTaskSet", "TaskSet"),
        *("__version__", "between", "compare_revisions", "constant", "constant_pacing", "constant_throughput"),
        *("events", "judge_recording", "load_plan", "load_result", "metric", "ms", "per_second", "percent", "render"),
        *("run", "seconds", "tag", "task"),
    ]


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


def _text(node: ast.expr | None, constants: dict[str, str]) -> set[str]:
    """The texts that an expression can be: a literal, a constant of the module, or a choice between them."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value} - {""}
    if isinstance(node, ast.Name):
        return {constants[node.id]} if node.id in constants else set()
    if isinstance(node, ast.IfExp):
        return _text(node.body, constants) | _text(node.orelse, constants)
    return set()


def _slugs_of(tree: ast.Module) -> set[str]:
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return set().union(*(_text(value, constants) for node in ast.walk(tree) for value in _slug_values(node)))


def _slug_values(node: ast.AST) -> list[ast.expr | None]:
    """The expressions that this node gives as a slug: `slug=...` in a call, or `slug = ...` in a class."""
    if isinstance(node, ast.keyword) and node.arg == "slug":
        return [node.value]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    named = any(isinstance(target, ast.Name) and target.id == "slug" for target in targets)
    return [node.value] if named and isinstance(node, ast.Assign | ast.AnnAssign) else []


def _slugs() -> set[str]:
    """Every slug in the source: of error classes, and of single errors."""
    return {slug for path in SOURCE.rglob("*.py") for slug in _slugs_of(ast.parse(path.read_text(encoding="utf-8")))}


def test_every_error_has_an_entry_in_the_docs() -> None:
    """And the docs explain no error that cannot happen."""
    documented = set(re.findall(r"^### `([a-z0-9-]+)`", (REPOSITORY / "docs" / "errors.md").read_text(), re.MULTILINE))
    assert _slugs() == documented
