"""Whatever a document holds, the files that are made from it are data in the right places, and never code."""

from __future__ import annotations

import ast
import inspect
import json
import re
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from perfgate.errors import UsageError
from perfgate.plan.budgets_file import parse_plan
from perfgate.scaffold import extraction, har, names, openapi
from perfgate.scaffold.budgets_text import ServiceEntry, budgets_text
from perfgate.scaffold.document import read
from perfgate.scaffold.fold import fold
from perfgate.scaffold.journeys import with_journeys
from perfgate.scaffold.literal import literal
from perfgate.scaffold.proposal import Proposal, Proposed, unmeasured
from perfgate.scaffold.scenario_file import scenario_source
from perfgate.scaffold.sketch import Sketch

ATTACKS = [
    '"); import os; os.system("touch /tmp/owned"); ("',
    "'''\nimport os\n'''",
    '"""\nimport os\n"""',
    "\\",
    '\\"',
    "a\nimport os\n",
    "a\r\nb",
    "x\u2028y\x85z",
    "\ud800",
    "\u202egnp.exe",
    "{__import__('os')}",
    "# noqa\n",
    "\x00",
    "class",
    "run",
    "__init__",
    "0",
    "http://evil.example/",
    "//evil.example",
    "$ref",
]
hostile = st.one_of(st.sampled_from(ATTACKS), st.text(max_size=30), st.text("{}/\\'\"#\n?&=", max_size=12))
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), hostile)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(hostile, inner, max_size=3), max_leaves=10
)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What should be there, or anything else."""
    return st.one_of(strategy, strategy, strategy, values)


def table(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({}, optional={name: maybe(field) for name, field in fields.items()})


schemas: st.SearchStrategy[Any] = st.deferred(
    lambda: table(
        type=st.sampled_from(["object", "array", "integer", "string", "number", "boolean"]),
        properties=st.dictionaries(hostile, schemas, max_size=2),
        required=st.lists(hostile, max_size=2),
        items=schemas,
        allOf=st.lists(schemas, max_size=2),
        oneOf=st.lists(schemas, max_size=2),
        enum=st.lists(values, max_size=2),
        example=values,
        minimum=st.one_of(st.integers(), st.floats()),
        minLength=st.integers(),
        maxLength=st.integers(),
        minItems=st.integers(),
        **{
            "$ref": st.sampled_from(["#/components/schemas/A", "#/components/schemas/B", "#", "#/paths/0", "file.json"])
        },
    )
)
parameters = st.lists(
    maybe(
        table(
            name=hostile,
            example=values,
            required=st.booleans(),
            schema=schemas,
            style=st.just("deepObject"),
            **{"in": st.sampled_from(["path", "query", "header", "cookie", "body", "formData"])},
        )
    ),
    max_size=3,
)
answers = table(
    content=st.dictionaries(st.sampled_from(["application/json", "text/html"]), table(schema=schemas, example=values)),
    headers=st.dictionaries(st.sampled_from(["Location", "X"]), values, max_size=1),
    links=st.dictionaries(
        hostile,
        table(
            operationId=st.one_of(hostile, st.just("a")),
            operationRef=hostile.map(lambda text: f"#/paths/~1{text}/get"),
            parameters=st.dictionaries(
                st.one_of(hostile, st.just("id")),
                hostile.map(lambda text: f"$response.body#/{text}") | st.just("$response.header.Location"),
            ),
        ),
        max_size=2,
    ),
)
operations = table(
    operationId=st.one_of(hostile, st.sampled_from(["a", "login", "getToken"])),
    responses=st.dictionaries(st.sampled_from(["200", "201", "default"]), answers, max_size=2),
    summary=hostile,
    parameters=parameters,
    security=st.lists(st.dictionaries(st.sampled_from(["k", "b"]), st.just([]), max_size=2), max_size=2),
    requestBody=table(
        content=st.dictionaries(
            st.sampled_from(["application/json", "application/x-www-form-urlencoded", "multipart/form-data", "*/*"]),
            table(schema=schemas, example=values),
            max_size=2,
        )
    ),
)
documents = st.fixed_dictionaries(
    {
        "openapi": st.just("3.1.0"),
        "paths": st.dictionaries(
            hostile.map(lambda text: f"/{text}/{{{text}}}") | hostile | st.sampled_from(["/a", "/a/{id}", "/login"]),
            maybe(table(get=operations, post=operations, delete=operations, parameters=parameters)),
            min_size=1,
            max_size=3,
        ),
    },
    optional={
        "info": maybe(table(title=hostile)),
        "servers": maybe(st.lists(table(url=hostile, variables=values), max_size=1)),
        "components": maybe(
            table(
                schemas=st.fixed_dictionaries({"A": schemas, "B": schemas}),
                securitySchemes=st.dictionaries(
                    st.sampled_from(["k", "b"]),
                    table(
                        type=st.sampled_from(["apiKey", "http", "oauth2"]),
                        name=hostile,
                        **{"in": st.sampled_from(["query", "header", "cookie"])},
                    ),
                    max_size=2,
                ),
            )
        ),
    },
)
entries = table(
    request=table(
        method=st.sampled_from(["GET", "POST", "get", "OPTIONS"]),
        url=hostile.map(lambda text: f"http://a.example/{text}"),
        headers=st.lists(table(name=hostile, value=hostile), max_size=2),
        cookies=st.lists(table(value=hostile), max_size=2),
        postData=table(
            mimeType=st.sampled_from(["application/json", "application/x-www-form-urlencoded", "x/y"]),
            text=st.one_of(hostile, values.map(json.dumps)),
            params=values,
        ),
    ),
    response=table(
        status=st.sampled_from([200, 302, 404]),
        content=table(mimeType=st.sampled_from(["text/html", "image/png", "application/json"]), text=hostile),
    ),
    startedDateTime=st.sampled_from(["2024-05-06T10:00:00Z", "2024-05-06T10:00:09+02:00", "yesterday"]),
    time=st.one_of(st.floats(), st.integers()),
)
recordings = st.fixed_dictionaries(
    {"log": st.fixed_dictionaries({"entries": st.lists(maybe(entries), max_size=4), "pages": values})}
)

CALLABLE = {"between", "constant", "task", "tag", "float", "os.environ.get", "random.choice", "time.sleep"}
CALLABLE |= {"quote", "quote_plus", "unquote", "str", "int", "response.failure", *extraction.FUNCTIONS}
OWN_FUNCTIONS = {ast.unparse(ast.parse(inspect.getsource(function))) for function in extraction.FUNCTIONS.values()}
CLIENT = {f"self.client.{method}" for method in ("get", "head", "post", "put", "patch", "delete")}


def assert_only_data(source: str) -> None:
    """The source compiles; apart from literals and our own functions it holds only what a scenario is made of."""
    source.encode("utf-8")
    tree = ast.parse(source)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert {ast.unparse(node) for node in functions} <= OWN_FUNCTIONS
    tree.body = [node for node in tree.body if node not in functions]
    allowed = (ast.Expr, ast.ImportFrom, ast.Import, ast.Assign, ast.ClassDef)
    assert all(isinstance(node, allowed) for node in tree.body)
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported <= {"os", "random", "time", "html", "re"}
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert modules - {"locust.exception", "typing", "urllib.parse"} == {"__future__", "locust"}
    tasks = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            own = called.removeprefix("self.") in tasks and not node.args and not node.keywords
            assert own or called in CALLABLE | CLIENT or called.endswith(".items"), called
        if isinstance(node, ast.FormattedValue):
            around = r"(quote|quote_plus|unquote|str|random\.choice)\("
            assert re.fullmatch(rf"({around})?self\.(user\.)?\w+\)?|[A-Z]\w+", ast.unparse(node.value))
        if isinstance(node, ast.With):
            assert [ast.unparse(item.context_expr).split("(")[0] in CLIENT for item in node.items] == [True]
        assert not isinstance(node, ast.Lambda | ast.Global | ast.While)


def assert_paths_stay(sketch: Sketch) -> None:
    """No path can be read as the URL of another host, or break the request line."""
    for call in sketch.calls:
        for path in call.paths:
            first = path[0]
            assert isinstance(first, str)
            assert first.startswith("/")
            assert not first.startswith("//")
            assert all(
                part.isascii() and part.isprintable() and " " not in part for part in path if isinstance(part, str)
            )


def readable(text: str, source: str) -> str:
    """What came of reading: a table, or the place that the error names."""
    try:
        return "a table" if isinstance(read(text, source), dict) else "something else"
    except UsageError as error:
        return error.place


def sketched(module: Any, document: dict[str, Any]) -> Sketch | None:
    try:
        return module.sketch_of(document, "spec.json", "shop")  # type: ignore[no-any-return]
    except UsageError:
        return None


@settings(deadline=None, max_examples=150)
@given(documents, hostile)
def test_openapi_documents_become_data(document: dict[str, Any], source: str) -> None:
    """Paths, names, summaries, examples and schemas are repr'd wherever they go."""
    found = sketched(openapi, document)
    if found is not None:
        found = with_journeys(found)
        assert_only_data(scenario_source(found, names.service_name(found.title), source))
        assert_paths_stay(found)


@settings(deadline=None, max_examples=150)
@given(recordings, hostile)
def test_recordings_become_data(document: dict[str, Any], source: str) -> None:
    """URLs, headers and bodies likewise."""
    found = sketched(har, document)
    if found is not None:
        assert_only_data(scenario_source(found, names.service_name(found.title), source))
        assert_paths_stay(found)


@settings(deadline=None, max_examples=100)
@given(st.text("abcdefghijklmnopqrstuvwxyz0123456789ABCDEF", min_size=9, max_size=40), st.integers(0, 5))
def test_secrets_of_recordings_stay_out(secret: str, place: int) -> None:
    """Wherever a secret also turns up, it is not in the scenario."""
    secret = f"{secret}7Zq-{secret}"
    urls = [f"http://a.example/{secret}/x", f"http://a.example/x?q={secret}", f"http://a.example/?{secret}=1"]
    echo: dict[str, Any] = {
        "method": "POST",
        "url": (urls * 2)[place],
        "headers": [{"name": "Accept", "value": secret}],
    }
    body = json.dumps({secret: [secret, {"note": f"see {secret}"}]})
    echo["postData"] = {"mimeType": "application/json", "text": body}
    login = {"method": "GET", "url": "http://a.example/", "headers": [{"name": "Cookie", "value": f"s={secret}"}]}
    page = {"status": 200, "content": {"mimeType": "text/html"}}
    log = {
        "entries": [{"request": request, "response": page} for request in (echo, login)],
        "pages": [{"title": secret}],
    }
    found = har.sketch_of({"log": log}, "shop.har", "shop")
    assert secret not in scenario_source(found, names.service_name(found.title, "shop"), "shop.har")
    assert names.service_name(found.title, "shop") == "shop"


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(json_values | st.text(min_size=80), st.sampled_from(["", " " * 8]), st.integers(0, 40))
def test_literals_say_what_was_meant(value: Any, indent: str, used: int) -> None:
    """However they are laid out, and also when strings are broken over lines."""
    assert ast.literal_eval(literal(value, indent, used).strip()) == value


@settings(deadline=None)
@given(hostile)
def test_any_text_is_read_or_refused(text: str) -> None:
    """A file of anything gives a table or one of our errors."""
    for source in ("x.json", "x.yaml", "x"):
        assert readable(text, source) in {"a table", source}


@settings(deadline=None)
@given(hostile, hostile, hostile)
def test_budgets_are_read_back_whatever_endpoints_are_called(source: str, path: str, ready: str) -> None:
    """The file is TOML with exactly the endpoint that was meant."""
    endpoint = f"GET {names.endpoint_name(path)}"
    limits = (Proposed("p95", "10ms", "observed 6 ms"),)
    proposal = Proposal("proposed", limits, (), {endpoint: limits}, measured=True)
    sketch = Sketch("", "http://127.0.0.1:8000", ())
    entry = ServiceEntry("shop", source, "http://127.0.0.1:8000", "scenarios/shop.py", ("127.0.0.1",), None, ready)
    text = budgets_text(entry, sketch, proposal)
    plan = parse_plan(text, Path("budgets.toml"), require_files=False)
    assert [endpoint] == list(plan.services["shop"].budget.endpoints)


def test_the_command_is_written_as_it_was_given() -> None:
    """Quotation marks and backslashes survive."""
    command = "python -c 'print(\"\\\\d {port}\")'"
    entry = ServiceEntry("shop", "x", "http://127.0.0.1:{port}", "s.py", ("127.0.0.1",), command)
    plan = parse_plan(budgets_text(entry, Sketch("", "", ()), unmeasured()), Path("budgets.toml"), require_files=False)
    assert plan.services["shop"].command == ("python", "-c", 'print("\\\\d {port}")')


@given(hostile)
def test_names_are_identifiers_of_their_own(text: str) -> None:
    """Neither a keyword nor a name that Locust uses can come out."""
    name = names.identifier(text)
    assert name.isidentifier()
    assert name not in names.RESERVED
    ast.parse(f"def {name}(): ...")
    assert names.class_name(names.service_name(text)).isidentifier()
    assert names.variable("shop", text).isidentifier()


@given(hostile)
def test_prose_cannot_end_a_comment_or_a_string(text: str) -> None:
    """It is one line of printable text without quotes, backslashes or further hashes."""
    line = names.prose(text)
    assert len(line.splitlines()) <= 1
    assert line.isprintable()
    assert not set(line) & set("\"'\\#`")


@given(st.lists(hostile))
def test_unique_names_are_unique(texts: list[str]) -> None:
    """Each name stays, or is numbered."""
    found = names.unique(texts)
    assert len(set(found)) == len(found) == len(texts)


@given(hostile)
def test_folded_paths_are_printable(path: str) -> None:
    """They stand in reports and budgets."""
    assert fold(path).isprintable()
