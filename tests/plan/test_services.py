"""`[services.NAME]` tables: how a service is started, where it is, and what drives it."""

from __future__ import annotations

from pathlib import Path

import pytest

from perfgate.errors import BudgetsError, HostNotAllowedError
from perfgate.plan.budget import CustomMetric
from perfgate.plan.budgets_file import parse_plan, read_plan
from perfgate.plan.plan import Service
from tests.plan.writing import LOADS, PATH, SERVICE, error_of, plan_of, service_error, service_of

ROOT = PATH.absolute().parent
URL_ONLY = '[services.shop]\nurl = "http://localhost:8000/api"\nscenario = "shop.py"\n'


def test_a_service_that_runs_needs_a_url_and_a_scenario() -> None:
    """Everything else has a default; all loads of the file are driven."""
    service = plan_of(LOADS + URL_ONLY).services["shop"]
    expected = Service(
        name="shop",
        url="http://localhost:8000/api",
        scenario=ROOT / "shop.py",
        scenario_text="shop.py",
        loads=("normal", "peak", "stress", "spike", "soak"),
        budget=service.budget,
        source="budgets.toml:24",
    )
    assert service == expected


def test_every_key_of_a_service() -> None:
    """Each arrives in the plan."""
    service = service_of("""
env = { PORT = "{port}" }
cwd = "app"
ready = "http://127.0.0.1:{port}/health"
ready_timeout = "1m"
stop_timeout = "0s"
loads = ["peak", "normal"]
user_classes = ["Buyer"]
tags = ["fast"]
exclude_tags = ["slow"]
[services.shop.metrics.tokens]
unit = "tokens"
json = "usage.total"
endpoint = "POST /ask"
[services.shop.metrics.hits]
better = "higher"
header = "X-Cache-Hits"
""")
    expected = Service(
        name="shop",
        url="http://127.0.0.1:{port}",
        scenario=ROOT / "shop.py",
        scenario_text="shop.py",
        loads=("peak", "normal"),
        command=("shop", "--port", "{port}"),
        env={"PORT": "{port}"},
        cwd=ROOT / "app",
        ready="http://127.0.0.1:{port}/health",
        ready_timeout_s=60,
        stop_timeout_s=0,
        user_classes=("Buyer",),
        tags=("fast",),
        exclude_tags=("slow",),
        metrics={
            "tokens": CustomMetric("tokens", unit="tokens", json_field="usage.total", endpoint="POST /ask"),
            "hits": CustomMetric("hits", better="higher", header="X-Cache-Hits"),
        },
        source="budgets.toml:24",
    )
    assert service == expected


@pytest.mark.parametrize("command", ["\"shop --name 'my shop' {port}\"", '["shop", "--name", "my shop", "{port}"]'])
def test_a_command_is_one_string_or_its_words(command: str) -> None:
    """A string is split as a shell would, without any shell."""
    text = LOADS + SERVICE.replace('"shop --port {port}"', command)
    assert plan_of(text).services["shop"].command == ("shop", "--name", "my shop", "{port}")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            '"http://127.0.0.1:{port}"',
            '"ftp://127.0.0.1"',
            'services.shop.url: "ftp://127.0.0.1" has no port',
        ),
        ('"http://127.0.0.1:{port}"', '"127.0.0.1:{port}"', "services.shop.url: not a usable URL: '127.0.0.1:1' is"),
        ('"http://127.0.0.1:{port}"', '"http://"', "services.shop.url: not a usable URL: 'http://' is not an absolute"),
        (
            '"http://127.0.0.1:{port}"',
            '"http://127.0.0.1:99999"',
            "services.shop.url: not a usable URL: Port out of range",
        ),
        ('"http://127.0.0.1:{port}"', '"http://a:b@127.0.0.1:{port}"', "services.shop.url: credentials do not belong"),
        ('"http://127.0.0.1:{port}"', '"http://127.0.0.1:{port}/?a=b"', "services.shop.url: a base URL has no query"),
        ('"http://127.0.0.1:{port}"', '"http://127.0.0.1"', "services.shop.url: with `command` the URL needs a port"),
        ('"http://127.0.0.1:{port}"', '"http://127.0.0.1:80"', "services.shop.url: `command` or `env` has {port}, but"),
        ('"shop --port {port}"', '"shop"', "services.shop.url: neither `command` nor `env` has {port}"),
        ('command = "shop --port {port}"\n', "", "services.shop.url: {port} is only known for a service that perfgate"),
        (
            '"shop --port {port}"',
            '"shop \'{port}"',
            'services.shop.command: "shop \'{port}" cannot be split into words',
        ),
        ('"shop --port {port}"', '""', 'services.shop.command: "" is not a command'),
        ('"shop --port {port}"', "[]", "services.shop.command: an array is not a command"),
        ('"http://127.0.0.1:{port}"', '"http://127.0.0.1:{port}/a b"', "services.shop.url: white space and control"),
        ('"shop --port {port}"', '"a\\u0000b {port}"', "services.shop.command: a word of a command cannot hold a null"),
        ('"shop --port {port}"', '["shop", 5]', "services.shop.command: an array is not a command"),
        ('"shop --port {port}"', "5", "services.shop.command: 5 is not a command"),
        ('scenario = "shop.py"', "", "services.shop.scenario: this key is missing"),
        ('scenario = "shop.py"', 'scenaro = "shop.py"', "services.shop.scenaro: unknown key"),
        ('scenario = "shop.py"', 'scenario = ""', "services.shop.scenario: it must not be empty"),
        ('scenario = "shop.py"', "scenario = 5", "services.shop.scenario: a string is expected, not 5"),
    ],
)
def test_what_a_service_cannot_mean_is_refused(old: str, new: str, message: str) -> None:
    """The message names the key and says why."""
    text = LOADS + SERVICE.replace(old, new)
    with pytest.raises(BudgetsError) as raised:
        plan_of(text)
    assert raised.value.message.startswith(message)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ('ready = "/he alth"', "services.shop.ready: white space and control characters cannot stand in a URL"),
        ('env = { "A=B" = "x" }', 'services.shop.env."A=B": not a usable environment variable'),
        ('env = { A = "\\u0000" }', "services.shop.env.A: not a usable environment variable"),
        ('ready = "health"', 'services.shop.ready: "health" is neither a path nor a URL'),
        ('loads = ["norml"]', 'services.shop.loads[0]: no load "norml"'),
        ('loads = ["normal", "normal"]', 'services.shop.loads[1]: load "normal" is named twice'),
        ("loads = []", "services.shop.loads: it must not be empty"),
        ('loads = "normal"', 'services.shop.loads: an array is expected, not "normal"'),
        ("env = { PORT = 80 }", "services.shop.env.PORT: a string is expected, not 80"),
        ('[services."a/b"]\nurl = "http://localhost"\nscenario = "x.py"', 'services."a/b": "a/b" is not a usable name'),
        ('[services.shop.metrics."a b"]', 'services.shop.metrics."a b": "a b" is not a usable name'),
        (
            '[services.shop.metrics.t]\nheader = "A"\njson = "b"',
            "services.shop.metrics.t.json: a metric is read from a",
        ),
        (
            '[services.shop.metrics.t]\nendpoint = "GET /"',
            "services.shop.metrics.t.endpoint: only a metric with `header`",
        ),
        (
            '[services.shop.metrics.t]\nbetter = "more"',
            'services.shop.metrics.t.better: "more" is not one of the choices',
        ),
    ],
)
def test_what_further_keys_cannot_mean_is_refused(tables: str, message: str) -> None:
    """The message names the key and says why."""
    assert service_error(tables).startswith(message)


@pytest.mark.parametrize("key", ['env = { A = "b" }', 'cwd = "app"', 'stop_timeout = "5s"'])
def test_keys_of_the_process_need_a_command(key: str) -> None:
    """Where perfgate starts nothing they would do nothing."""
    message = error_of(LOADS + URL_ONLY + key)
    assert "only a service that perfgate starts has it" in message


def test_there_must_be_a_load() -> None:
    """A service without any load would be tested by nothing."""
    assert error_of(SERVICE) == (
        "budgets.toml:1: services.shop: there is no load to drive at this service (add a table such as [loads.normal])"
    )


@pytest.mark.parametrize("key", ["url", "ready"])
def test_a_host_that_is_not_allowed_is_refused(key: str) -> None:
    """Before anything is driven, for the URL and for the readiness check."""
    lines = {"url": '"http://localhost:1"', "ready": '"/"'} | {key: '"http://shop.example.com"'}
    text = LOADS + "[services.shop]\n" + "\n".join(f"{name} = {value}" for name, value in lines.items())
    with pytest.raises(HostNotAllowedError) as raised:
        plan_of(text + '\nscenario = "shop.py"\n')
    assert raised.value.slug == "host-not-allowed"
    assert raised.value.place == f"budgets.toml:{25 if key == 'url' else 26}"
    assert "shop.example.com" in raised.value.message


def test_a_host_can_be_allowed() -> None:
    """By its entry in `allowed_hosts`."""
    text = '[gate]\nallowed_hosts = ["*.example.com"]\n' + LOADS + URL_ONLY.replace("localhost", "shop.example.com")
    assert plan_of(text).services["shop"].url == "http://shop.example.com:8000/api"


def test_a_mistake_in_allowed_hosts_makes_no_host_look_wrong() -> None:
    """Only the mistake itself is reported."""
    text = "[gate]\nallowed_hosts = 5\n" + LOADS + URL_ONLY.replace("localhost", "shop.example.com")
    assert error_of(text).startswith("budgets.toml:2: gate.allowed_hosts: an array is expected, not 5")
    assert len(error_of(text).splitlines()) == 1


def test_a_missing_scenario_is_named_with_the_nearest_file(tmp_path: Path) -> None:
    """Its folder is looked at for the right spelling."""
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "catalog.py").touch()
    text = LOADS + SERVICE.replace("shop.py", "scenarios/catlog.py")
    with pytest.raises(BudgetsError) as raised:
        parse_plan(text, tmp_path / "budgets.toml")
    error = raised.value
    assert (error.slug, error.place) == ("scenario-missing", "budgets.toml:27")
    assert error.message == 'services.shop.scenario: no scenario "scenarios/catlog.py"'
    assert error.hint == 'did you mean "scenarios/catalog.py"?'


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        (".", "known: buy.py, pay.py"),
        ("./", "known: buy.py, pay.py"),
        ("scenarios", 'did you mean "scenarios/catalog.py"?'),
        ("scenarios/", 'did you mean "scenarios/catalog.py"?'),
        ("elsewhere.py", "known: buy.py, pay.py"),
    ],
)
def test_a_folder_is_no_scenario_and_the_files_in_it_are_named(tmp_path: Path, written: str, hint: str) -> None:
    """As they would have to be written."""
    (tmp_path / "scenarios").mkdir()
    for name in ("scenarios/catalog.py", "buy.py", "pay.py"):
        (tmp_path / name).touch()
    with pytest.raises(BudgetsError) as raised:
        parse_plan(LOADS + SERVICE.replace("shop.py", written), tmp_path / "budgets.toml")
    assert raised.value.hint == hint


def test_a_missing_scenario_in_a_missing_folder_is_named_with_its_path(tmp_path: Path) -> None:
    """Nothing can be suggested but where it was looked for."""
    with pytest.raises(BudgetsError) as raised:
        parse_plan(LOADS + SERVICE, tmp_path / "budgets.toml")
    assert str(tmp_path / "shop.py") in raised.value.hint


@pytest.mark.parametrize("name", ["x" * 5000 + ".py", "a\\u0000/b.py", "a\\u0000b.py"])
def test_a_path_that_the_system_cannot_look_up_is_missing(tmp_path: Path, name: str) -> None:
    """A name that is too long, a null character."""
    with pytest.raises(BudgetsError) as raised:
        parse_plan(LOADS + SERVICE.replace("shop.py", name), tmp_path / "budgets.toml")
    assert raised.value.slug == "scenario-missing"


def test_a_missing_working_folder_is_refused(tmp_path: Path) -> None:
    """The command could not be started there."""
    (tmp_path / "shop.py").touch()
    with pytest.raises(BudgetsError, match=r'services\.shop\.cwd: no folder "app"'):
        parse_plan(LOADS + SERVICE + 'cwd = "app"', tmp_path / "budgets.toml")


def test_a_relative_path_is_made_absolute(tmp_path: Path) -> None:
    """The engine may run in another folder than the one that the file was named from."""
    (tmp_path / "shop.py").touch()
    (tmp_path / "budgets.toml").write_text(LOADS + SERVICE)
    plan = read_plan(tmp_path / "budgets.toml")
    assert plan.services["shop"].scenario.is_absolute()
    assert plan_of(LOADS + SERVICE).root == Path.cwd()
