"""A small world of packages: wheels made by hand, and a project that a lock installs."""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

_BACKEND = '''
"""A build backend of a few lines, so that nothing has to be fetched to build."""
import sys, pathlib
sys.path.insert(0, {tests!r})
from packages import wheel


def build_wheel(folder, config_settings=None, metadata_directory=None):
    script = {{"perfgate": "sys:exit"}}
    return wheel(pathlib.Path(folder), "project", "1", requires=("asks>=1",), scripts=script).name


build_editable = build_wheel
'''


def wheel(
    folder: Path,
    name: str,
    version: str,
    *,
    requires: tuple[str, ...] = (),
    extras: tuple[str, ...] = (),
    scripts: dict[str, str] | None = None,
) -> Path:
    """A wheel with one empty module."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    metadata += [f"Provides-Extra: {extra}" for extra in extras] + [f"Requires-Dist: {need}" for need in requires]
    files = {
        f"{name}.py": "",
        f"{info}/METADATA": "\n".join(metadata) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\n" + "".join(f"{k} = {v}\n" for k, v in (scripts or {}).items()),
    }
    record = "".join(f"{file},,\n" for file in files) + f"{info}/RECORD,,\n"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(file, text)
    return path


def locked_project(folder: Path) -> dict[str, str]:
    """A project in `folder` whose lock is older than what the index offers, and the environment in which pip sees it.

    It needs `asks`, which needs `plain[more]`; the lock names that as `plain==1` without the extra, as uv writes it.
    The index has a `plain 2` beside it, for which the lock has no hash.
    """
    index = folder / "index"
    index.mkdir(parents=True)
    wheel(index, "plain", "2", extras=("more",), requires=('extra>=1; extra == "more"',))
    locked = [
        wheel(index, "plain", "1", extras=("more",), requires=('extra>=1; extra == "more"',)),
        wheel(index, "extra", "1"),
        wheel(index, "asks", "1", requires=("plain[more]>=1",)),
    ]
    wheel(index, "extra", "2")
    lines = [
        f"{path.name.split('-')[0]}==1 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in locked
    ]
    (folder / "requirements.txt").write_text("\n".join(lines) + "\n")
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (folder / "backend.py").write_text(_BACKEND.format(tests=str(Path(__file__).parent)))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON", "GITHUB_"))}
    return {**kept, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(index), "PIP_CONFIG_FILE": os.devnull}
