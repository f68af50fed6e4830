"""A scenario looked at without running it: whether it compiles, and whether it has a User class."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from perfgate.doctor.finding import Finding
from perfgate.reading import LARGEST_SOURCE, read_bytes

if TYPE_CHECKING:
    from pathlib import Path

_OWN_BASES = frozenset({"User", "HttpUser", "FastHttpUser"})


def scenario(path: Path) -> Finding:
    """Compile a scenario and look for its User classes."""
    what = f"scenario {path.name}"
    try:
        tree = ast.parse(read_bytes(path, LARGEST_SOURCE), str(path))
    except SyntaxError as error:
        return Finding("fail", what, f"{path}:{error.lineno}: {error.msg}", "mend the syntax error", "file")
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        return Finding("fail", what, f"{path} cannot be read: {error}", "mend or replace the file", "file")
    users = user_classes(tree)
    if users:
        return Finding("ok", what, f"compiles; {', '.join(users)}", area="file")
    if _imports_others(tree):
        mend = "make sure that one is defined or imported: only running the file can tell"
        return Finding("warn", what, f"{path} compiles; no User class is seen in it", mend, "file")
    mend = "define a class that inherits from locust's FastHttpUser, HttpUser or User"
    return Finding("fail", what, f"{path} has no User class", mend, "file")


def user_classes(tree: ast.Module) -> list[str]:
    """Names of classes that look like users: a base is called `...User` or is such a class itself; not abstract."""
    users: list[str] = []
    known: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and any(_is_user(base, known) for base in node.bases):
            known.add(node.name)
            users += [] if _is_abstract(node) else [node.name]
    return users


def _is_user(base: ast.expr, known: set[str]) -> bool:
    name = base.attr if isinstance(base, ast.Attribute) else base.id if isinstance(base, ast.Name) else ""
    return name in _OWN_BASES or name in known or name.endswith("User")


def _is_abstract(node: ast.ClassDef) -> bool:
    """Whether the class says `abstract = True`."""
    for statement in node.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(statement.value, ast.Constant):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            if statement.value.value is True and any(_named(target, "abstract") for target in targets):
                return True
    return False


def _named(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name


def _imports_others(tree: ast.Module) -> bool:
    """Whether something is imported that could hold or make a User class: neither Python's own nor Locust itself."""
    modules: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            modules.append("." if node.level else node.module or "")
        elif isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
    return any(module.split(".")[0] not in {*sys.stdlib_module_names, "locust"} for module in modules)
