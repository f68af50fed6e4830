"""OpenAPI 3.0 and 3.1 and Swagger 2 documents as sketches: a call for each operation."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit

from perfgate.errors import UsageError
from perfgate.scaffold import names
from perfgate.scaffold.document import array, table, word
from perfgate.scaffold.example import Examples
from perfgate.scaffold.openapi_login import with_login
from perfgate.scaffold.parameter import filled, header_values, of_operation, query
from perfgate.scaffold.reference import References
from perfgate.scaffold.security import Security
from perfgate.scaffold.sketch import SAFE_METHODS, WRITES, Call, Link, Operation, Sketch

if TYPE_CHECKING:
    from collections.abc import Iterator

_METHODS = ("get", "head", "post", "put", "patch", "delete")
_WEIGHTS = {"GET": 3}  # per operation; reads outnumber everything else in almost every service
_ITEM_WEIGHT = 5  # of a GET of one thing
_FORM = frozenset({"application/x-www-form-urlencoded"})


def is_openapi(document: dict[str, Any]) -> bool:
    """Whether a document says that it is one of OpenAPI or Swagger."""
    return "openapi" in document or "swagger" in document


def sketch_of(document: dict[str, Any], source: str, prefix: str) -> Sketch:
    """What an OpenAPI document tells; nothing is sent anywhere.

    Args:
        document: the whole document.
        source: its path or URL: base of relative server URLs, and for messages.
        prefix: of the names of environment variables.

    Raises:
        UsageError: an unknown version, or no operations (slug `openapi`).
    """
    _check_version(document, source)
    references = References(document)
    security = Security(document, references, prefix)
    server = _server(document, source)
    calls = tuple(_Reader(document, references, security, _base_path(server)).calls())
    if not calls:
        raise UsageError(
            "the document has no operations", place=source, hint="name a document with paths", slug="openapi"
        )
    sketch = Sketch(
        title=word(table(document.get("info")).get("title")),
        url=_origin(server),
        calls=calls,
        headers=security.headers,
    )
    return with_login(sketch, prefix, [f"{_base_path(server)}/{path}" for path in security.token_paths])


def _check_version(document: dict[str, Any], source: str) -> None:
    version = str(document.get("openapi", document.get("swagger", "")))
    if not re.match(r"3\.\d|2\.0|2$", version):
        raise UsageError(
            f"version {version[:20]!r} of OpenAPI is not known",
            place=source,
            hint="use OpenAPI 3.0 or 3.1, or Swagger 2.0",
            slug="openapi",
        )


def _server(document: dict[str, Any], source: str) -> str:
    """The first server's URL, made absolute when `source` is a URL."""
    first = table((array(document.get("servers")) or [None])[0])
    written = word(first.get("url")) or _server_of_swagger(document) or "/"
    for name, variable in table(first.get("variables")).items():
        written = written.replace(f"{{{name}}}", str(table(variable).get("default", "")))
    try:
        urlsplit(written)  # raises for brackets that are no IPv6 address
        return urljoin(source, written) if re.match("https?://", source) else written
    except ValueError:
        return ""


def _server_of_swagger(document: dict[str, Any]) -> str:
    host, base = word(document.get("host")), word(document.get("basePath"))
    schemes = [scheme for scheme in array(document.get("schemes")) if scheme in {"http", "https"}]
    return f"{(schemes or ['http'])[0]}://{host}{base}" if host else base


def _origin(server: str) -> str:
    parts = urlsplit(server)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} and parts.netloc else ""


def _base_path(server: str) -> str:
    path = urlsplit(server).path.strip("/")
    return f"/{path}" if path and "{" not in path else ""


class _Reader:
    """Reads the operations of one document."""

    def __init__(self, document: dict[str, Any], references: References, security: Security, base: str) -> None:
        self._document = document
        self._references = references
        self._examples = Examples(references)
        self._answers = Examples(references, answers=True)
        self._security = security
        self._base = base

    def calls(self) -> Iterator[Call]:
        for path, item in table(self._document.get("paths")).items():
            resolved = self._references.resolve(item)
            for method in _METHODS:
                if isinstance(operation := resolved.get(method), dict):
                    shared = array(resolved.get("parameters"))
                    yield self._call(method.upper(), f"{self._base}/{path.lstrip('/')}", operation, shared)

    def _call(self, method: str, template: str, operation: dict[str, Any], shared: list[Any]) -> Call:
        parameters = of_operation(shared, array(operation.get("parameters")), self._references, self._examples)
        path = filled(template, parameters) + query(parameters)
        safe = method in SAFE_METHODS
        call = Call(
            method=method,
            paths=(self._security.signed(path, operation),),
            name=names.endpoint_name(template),
            function=word(operation.get("operationId")) or f"{method} {template}",
            weight=_ITEM_WEIGHT if method == "GET" and template.endswith("}") else _WEIGHTS.get(method, 1),
            about=word(operation.get("summary")) or word(operation.get("description")),
            headers={**header_values(parameters)},
            tags=() if safe else (WRITES,),
            operation=self._operation(operation),
        )
        return call if safe else self._with_body(call, operation)

    def _operation(self, operation: dict[str, Any]) -> Operation:
        """What else the document says about an operation."""
        answers = table(operation.get("responses"))
        good = next((self._references.resolve(item) for status, item in answers.items() if status[:1] == "2"), {})
        medium = next((item for kind, item in self._answer_contents(good).items() if _is_json(kind)), None)
        given = self._answers.given(table(medium)) or ((self._answers.of(table(medium).get("schema")),) * bool(medium))
        links = (self._references.resolve(item) for item in table(good.get("links")).values())
        bodies = self._contents(operation).values()
        schemas = [self._references.resolve(table(body).get("schema")) for body in bodies]
        return Operation(
            id=word(operation.get("operationId")),
            answer=given[0] if given else None,
            located=any(name.lower() == "location" for name in table(good.get("headers"))),
            bearer=self._security.wants_bearer(operation),
            cookie=self._security.wanted_cookie(operation),
            required=frozenset(name for schema in schemas for name in map(word, array(schema.get("required")))),
            links=tuple(filter(None, map(_link, links))),
        )

    @staticmethod
    def _answer_contents(answer: dict[str, Any]) -> dict[str, Any]:
        """Media types of an answer; that of Swagger 2 in the words of OpenAPI 3."""
        schema = answer.get("schema")
        return table(answer.get("content")) or ({"application/json": {"schema": schema}} if schema else {})

    def _with_body(self, call: Call, operation: dict[str, Any]) -> Call:
        """The call with the body that the operation takes, if it takes one."""
        contents = self._contents(operation)
        if not contents:
            return call
        for kind, medium in contents.items():
            if _is_json(kind) or _essence(kind) == "*/*":
                plain = _essence(kind) in {"application/json", "*/*"}
                headers = call.headers if plain else {**call.headers, "Content-Type": _essence(kind)}
                return replace(call, json=self._body(medium), headers=headers)
        for kind, medium in contents.items():
            if _essence(kind) in _FORM:
                headers = {**call.headers, "Content-Type": _essence(kind)}
                return replace(call, form=table(self._body(medium)), headers=headers)
        return replace(call, notes=(f"Its body ({', '.join(contents)}) is left to you.",))

    def _contents(self, operation: dict[str, Any]) -> dict[str, Any]:
        """Media types of the body and what each holds; those of Swagger 2 in the words of OpenAPI 3."""
        body = self._references.resolve(operation.get("requestBody"))
        if body:
            return table(body.get("content"))
        parameters = [self._references.resolve(item) for item in array(operation.get("parameters"))]
        kinds = [word(kind) for kind in array(operation.get("consumes", self._document.get("consumes")))]
        for parameter in parameters:
            if parameter.get("in") == "body":
                return {kind: {"schema": parameter.get("schema")} for kind in kinds or ["application/json"]}
        fields = {word(item.get("name")): item for item in parameters if item.get("in") == "formData"}
        return {kind: {"schema": {"properties": fields}} for kind in kinds or sorted(_FORM)} if fields else {}

    def _body(self, medium: Any) -> Any:
        given = self._examples.given(table(medium))
        return given[0] if given else self._examples.of(table(medium).get("schema"))


def _link(item: dict[str, Any]) -> Link | None:
    reference = word(item.get("operationRef"))
    if reference.startswith("#/paths/"):
        path, _, method = reference.removeprefix("#/paths/").rpartition("/")
        target = f"{method.upper()} {unquote(path).replace('~1', '/').replace('~0', '~')}"
    else:
        target = word(item.get("operationId"))
    parameters = {name: value for name, value in table(item.get("parameters")).items() if isinstance(value, str)}
    return Link(target, parameters) if target and parameters else None


def _is_json(kind: str) -> bool:
    return re.fullmatch(r"application/([\w.+-]*\+)?json", _essence(kind)) is not None


def _essence(kind: str) -> str:
    """A media type without its parameters."""
    return kind.partition(";")[0].strip().lower()
