"""`result.json`: the whole result, with a published schema, and the way back."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from pydantic import ValidationError

from perfgate.errors import RecordingError
from perfgate.judge.result import FORMAT, Result

# Of C1, marks of direction, and separators of lines; `json` itself escapes those below the space.
_OBEYED = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def render(result: Result) -> str:
    """The result as JSON that ends with a newline: keys in the order of the schema, indented by 2.

    Strict JSON: NaN and the infinities, which JSON does not have, are null. Characters that a terminal obeys, which
    JSON allows, are written as escapes: a reader gets them as they were, and a page or a log shows them.
    """
    text = json.dumps(_strict(result.model_dump()), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _strict(value: Any) -> Any:
    """The value with what JSON or UTF-8 cannot carry replaced."""
    if isinstance(value, dict):
        return {key: _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def result_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what `render` writes; `perfgate schema result` prints it."""
    schema = Result.model_json_schema(mode="serialization")
    return {"$schema": SCHEMA_DIALECT, **schema, "title": f"perfgate result, format {FORMAT}"}


def parse(text: str) -> Result:
    """The result that `render` wrote.

    Raises:
        RecordingError: slug `result-file`; the text is not JSON, not a result, or of an unknown format.
    """
    value = _loaded(text)
    if value.get("format") != FORMAT:
        raise _error(
            f"the result has format {value.get('format')!r}; this version reads format {FORMAT}",
            "read it with the version of perfgate that wrote it",
        )
    try:
        # Through JSON again, because only pydantic's JSON mode reads a list where the model has a tuple.
        return Result.model_validate_json(json.dumps(value))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise _error(f"not a result: {place or 'the top'}: {first['msg']}", _WRITE_AGAIN) from error


_WRITE_AGAIN = "write the file again with `perfgate report RUN_DIR --json PATH`"


def _loaded(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise _error(f"not JSON: {error}", _WRITE_AGAIN) from error
    if not isinstance(value, dict):
        raise _error(f"not a result: the top is a JSON {_json_kind(value)}, not an object", _WRITE_AGAIN)
    return value


def _json_kind(value: Any) -> str:
    return {list: "array", str: "string", bool: "boolean", type(None): "null"}.get(type(value), "number")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _error(message: str, hint: str) -> RecordingError:
    return RecordingError(message, hint=hint, slug="result-file")
