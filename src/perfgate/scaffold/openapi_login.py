"""The login of an OpenAPI document: the operation that gives what the others want, sent by each user once."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from perfgate.scaffold import names
from perfgate.scaffold.login import is_credential, is_password, passwords_of, says_login
from perfgate.scaffold.places import leaves
from perfgate.scaffold.sketch import Call, Extracted, Extraction, FromEnv, Operation, Sketch

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOKEN = re.compile(r"(access|id|auth|bearer)?[-_]?token|jwt", re.IGNORECASE)
_OAUTH = ("access_token",)  # RFC 6749, section 5.1
_LONGEST_ARGUMENTS = 60


def with_login(sketch: Sketch, prefix: str, token_paths: Sequence[str]) -> Sketch:
    """The sketch with its login as what each user sends first, where one is found and something wants what it gives.

    Args:
        sketch: of a document.
        prefix: of the names of environment variables.
        token_paths: where the document itself says that tokens are given.
    """
    wanting = [_known(call) for call in sketch.calls]
    for login in sketch.calls:
        extraction = _given(login, login.name in token_paths, wanting)
        if extraction is not None:
            return _signed_in(sketch, login, extraction, prefix)
    return sketch


def _known(call: Call) -> Operation:
    return call.operation or Operation()


def _given(call: Call, says_so: bool, wanting: list[Operation]) -> Extraction | None:
    """What a login gives that other operations want; None for what is no login."""
    operation = _known(call)
    body = call.json if call.json is not None else call.form
    passwords = passwords_of(str(path[-1]) for path, _ in leaves(body) if path)
    named = says_so or says_login(call.name) or says_login(operation.id)
    if call.method != "POST" or not named or len(passwords) != 1 or call.needs:
        return None
    found = (path for path, _ in leaves(operation.answer) if path and _TOKEN.fullmatch(str(path[-1])))
    path = next(found, _OAUTH if says_so else None)
    if path is not None and any(other.bearer for other in wanting):
        written = sum(len(repr(step)) + 2 for step in path)
        return Extraction("access_token", "json_value", path) if written <= _LONGEST_ARGUMENTS else None
    cookie = next((other.cookie for other in wanting if other.cookie), "")
    return Extraction(f"cookie {cookie}", "cookie_value", (cookie,), kept=False) if 0 < len(cookie) <= 40 else None


def _signed_in(sketch: Sketch, login: Call, extraction: Extraction, prefix: str) -> Sketch:
    """The sketch in which `login` is sent first, and what it gives with all that want it."""
    start = replace(login, tags=(), extracts=(extraction,), login_path=_path(login), weight=1)
    start = replace(start, json=_sent(login, login.json, prefix), form=_sent(login, login.form, prefix))
    token = ("Bearer ", Extracted("access_token", within_user=True))
    by_token = extraction.kept
    calls = [
        replace(call, headers={**call.headers, "Authorization": token}) if by_token and _known(call).bearer else call
        for call in sketch.calls
        if call is not login
    ]
    left_out = "Authorization" if by_token else "Cookie"
    note = f"{login.endpoint} signs each user in once (on_start), and is driven though it is a POST"
    return replace(
        sketch,
        calls=tuple(calls) or sketch.calls,
        start=(start,),
        headers={name: value for name, value in sketch.headers.items() if name != left_out},
        notes=(*sketch.notes, note),
    )


def _path(call: Call) -> str:
    first = call.paths[0][0]
    return first.partition("?")[0] if isinstance(first, str) else ""


def _sent(login: Call, body: Any, prefix: str, name: str = "") -> Any:
    """The body with user and password from the environment; optional fields of OAuth 2 are left out."""
    if isinstance(body, dict):
        required = _known(login).required
        return {
            key: _sent(login, value, prefix, key)
            for key, value in body.items()
            if key in required or key not in {"client_id", "client_secret", "scope"}
        }
    if name == "grant_type":
        return "password"
    if isinstance(body, str) and is_credential(name):
        about = "the password of a user that may sign in" if is_password(name) else "a user that may sign in"
        return FromEnv(names.variable(prefix, name), f"{name}: {about}")
    return body
