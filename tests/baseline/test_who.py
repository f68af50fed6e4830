"""Who has promoted a run is told wherever perfgate runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from perfgate.cli.baseline import _user

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_user_without_a_name_is_told_by_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that is started with `--user`."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME", "GITHUB_ACTOR", "GITLAB_USER_LOGIN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    assert _user(tmp_path) == "user 54321"
