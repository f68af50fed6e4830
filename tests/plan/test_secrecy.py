"""What a recording keeps of the budgets file: everything that is judged, and no secret."""

from __future__ import annotations

import tomllib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from perfgate.plan.budgets_file import parse_plan
from perfgate.plan.secrecy import without_secrets

TEXT = '''
# the old password was s3cret-in-a-comment
[gate]
store = "postgresql://perf:s3cret-store@db.test/perf"  # s3cret-too
[loads.normal]
users = 1
duration = "10s"
[services.shop]
url = "http://127.0.0.1:{port}"
ready = "/ready?token=s3cret-query"
command = ["env", "TOKEN=s3cret-word", "python", "serve.py", "{port}", "--password", "s3cret-option"]
scenario = "shop.py"
loads = ["normal"]
[services.shop.env]
DATABASE = """postgresql://app:s3cret-env@db.test/
app"""
PORT = "{port}"
[services.shop.budget]
p95 = "250ms"
'''


def test_no_secret_is_kept_and_every_limit_is() -> None:
    """Each stays at its line; the plan is the same but for what was hidden."""
    kept = without_secrets(TEXT)
    assert "s3cret" not in kept
    assert kept.count("\n") == TEXT.count("\n")
    before, after = (parse_plan(text, Path("budgets.toml"), require_files=False) for text in (TEXT, kept))
    assert after.loads == before.loads
    shop, kept_shop = before.services["shop"], after.services["shop"]
    assert (kept_shop.budget, kept_shop.url, kept_shop.source) == (shop.budget, shop.url, shop.source)


def test_a_command_of_one_string_keeps_its_program() -> None:
    """What follows may hold anything."""
    text = '[services.a]\ncommand = "docker run -e PASSWORD=s3cret shop {port}"\n'
    assert tomllib.loads(without_secrets(text))["services"]["a"]["command"] == "docker ***{port}"


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), min_size=8, max_size=20))
def test_any_value_of_the_environment_is_hidden(value: str) -> None:
    """Whatever characters it has."""
    literal = value.replace("\\", "\\\\").replace('"', '\\"')
    kept = without_secrets(f'[services.a.env]\nKEY = "{literal}"\n')
    assert tomllib.loads(kept)["services"]["a"]["env"]["KEY"] in ("***", "***{port}")
