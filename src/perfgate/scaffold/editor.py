"""What an editor needs to complete and check a `budgets.toml`: its JSON Schema beside it, named in its first line."""

from __future__ import annotations

import json

from perfgate.plan.budgets_file import budgets_schema

# Beside the file and committed with it: an editor, and `taplo check` in CI, read it in a fresh clone where perfgate is
# not installed. A URL would need a server that has the schema of just this version.
SCHEMA = "budgets.schema.json"
# As Taplo, and with it Even Better TOML, reads it: relative to the file
# (https://taplo.tamasfe.dev/configuration/directives.html).
DIRECTIVE = f"#:schema ./{SCHEMA}"


def schema_text() -> str:
    """What `perfgate schema budgets` prints."""
    return json.dumps(budgets_schema(), indent=2) + "\n"
