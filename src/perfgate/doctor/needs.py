"""What a scenario needs besides being compiled, as far as its text says: tasks that its tags leave, and variables."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING

from perfgate.doctor.finding import Finding
from perfgate.reading import LARGEST_SOURCE, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from perfgate.plan.plan import Service


def needs(service: Service, environ: Mapping[str, str]) -> Iterator[Finding]:
    """What a service's scenario lacks; nothing of one that does not compile, or says it in a way that is not known.

    Args:
        service: with its scenario and its tags.
        environ: the variables that the scenario would see.
    """
    try:
        tree = ast.parse(read_bytes(service.scenario, LARGEST_SOURCE), str(service.scenario))
    except (SyntaxError, OSError, ValueError, RecursionError, MemoryError):
        return
    if service.exclude_tags and _all_left_out(tree, set(service.exclude_tags)):
        tags = json.dumps(list(service.exclude_tags), ensure_ascii=False)
        detail = f"exclude_tags = {tags} leaves no task of {service.scenario.name}"
        mend = "take tags out of exclude_tags, or off tasks once these can be driven"
        yield Finding("fail", f"tasks of {service.name}", detail, mend, "file")
    if unset := [name for name in dict.fromkeys(_read_without_default(tree)) if not environ.get(name)]:
        detail = f"{service.scenario.name} reads {', '.join(unset)}: not set"
        mend = "set what the load needs, such as the user and password of a login, where perfgate is run"
        yield Finding("warn", f"variables of {service.name}", detail, mend, "file")


def _all_left_out(tree: ast.Module, excluded: set[str]) -> bool:
    """Whether the file has methods with `@task`, each with a tag that is excluded, and names no tasks otherwise."""
    if any(isinstance(node, ast.Name) and node.id == "tasks" for node in ast.walk(tree)):
        return False
    tasks = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and "task" in map(_called, node.decorator_list)
    ]
    driven = [node for node in tasks if isinstance(node, ast.FunctionDef) and not _tags(node) & excluded]
    return bool(tasks) and not driven and not any(isinstance(node, ast.ClassDef) for node in tasks)


def _called(decorator: ast.expr) -> str:
    """`task` of `@task`, `@task(3)` and `@locust.task`."""
    named = decorator.func if isinstance(decorator, ast.Call) else decorator
    return named.attr if isinstance(named, ast.Attribute) else named.id if isinstance(named, ast.Name) else ""


def _tags(node: ast.FunctionDef) -> set[object]:
    calls = [each for each in node.decorator_list if isinstance(each, ast.Call) and _called(each) == "tag"]
    return {word.value for call in calls for word in call.args if isinstance(word, ast.Constant)}


def _read_without_default(tree: ast.Module) -> Iterator[str]:
    """Names that `os.environ` and `os.getenv` are asked for without a default, or with an empty one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _dotted(node.value) == "os.environ":
            name: ast.expr = node.slice
        elif isinstance(node, ast.Call) and _dotted(node.func) in ("os.environ.get", "os.getenv") and node.args:
            name, *default = node.args
            if node.keywords or any(not isinstance(one, ast.Constant) or one.value for one in default):
                continue
        else:
            continue
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            yield name.value


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"
