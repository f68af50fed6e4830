"""The example manifests: they parse, and the commands that they lead to are perfgate's."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from perfgate.cli import cli

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "kubernetes"
WORKER = ["perfgate", "worker", "--master", "run-master", "--port", "5557", "--timeout", "600"]
LISTENING = ["perfgate", "run", "--bind-host", "0.0.0.0", "--bind-port", "5557", "--worker-timeout", "600"]


def _translate(*arguments: str) -> list[str]:
    translated: list[str] = runpy.run_path(str(FOLDER / "entrypoint.py"))["translate"](list(arguments))
    return translated


def _documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((FOLDER / name).read_text()))


def _is_understood(command: list[str]) -> None:
    """The options exist: asked for help beside them, perfgate has nothing to complain about."""
    program, *arguments = command
    assert program == "perfgate"
    result = CliRunner().invoke(cli, [*arguments, "--help"])
    assert result.exit_code == 0
    options = {word for word in arguments if word.startswith("--")}
    assert [option for option in options if option not in result.output] == []


def test_the_arguments_of_locusts_operators_are_translated() -> None:
    """Flags with and without `=`; what only Locust's web interface needs is left out."""
    appended = ["--master", "--master-port=5557", "--expect-workers=4", "--autostart", "--autoquit", "60"]
    master = _translate("--budgets", "b.toml", *appended, "--enable-rebalancing", "--only-summary")
    assert master == [*LISTENING, "--workers", "4", "--budgets", "b.toml"]
    assert _translate("--worker", "--master-port=5557", "--master-host=run-master") == WORKER
    assert _translate("--worker", "--master-host", "run-master", "--workers", "4", "--out", "/tmp/x") == WORKER
    assert _translate("--master", "--workers", "4") == [*LISTENING, "--workers", "4"]
    assert _translate("report", "folder") == ["perfgate", "report", "folder"]


def test_the_translated_commands_exist() -> None:
    """Every option is one of perfgate's."""
    _is_understood(WORKER)
    _is_understood([*LISTENING, "--workers", "4", "--budgets", "b.toml", "--out", "x"])


def test_the_plain_manifest_starts_a_gate_and_as_many_workers_as_it_waits_for() -> None:
    """Job and Deployment agree, and only workers may reach the master."""
    job, service, workers, master_policy, worker_policy = _documents("plain.yaml")
    (gate,) = job["spec"]["template"]["spec"]["containers"]
    (worker,) = workers["spec"]["template"]["spec"]["containers"]
    _is_understood(["perfgate", *gate["args"]])
    _is_understood(["perfgate", *worker["args"]])
    assert gate["args"][gate["args"].index("--workers") + 1] == str(workers["spec"]["replicas"])
    assert worker["args"][worker["args"].index("--master") + 1] == service["metadata"]["name"]
    assert service["spec"]["selector"] == job["spec"]["template"]["metadata"]["labels"]
    (source,) = master_policy["spec"]["ingress"][0]["from"]
    assert source["podSelector"]["matchLabels"] == workers["spec"]["selector"]["matchLabels"]
    assert worker_policy["spec"]["ingress"] == []


@pytest.mark.parametrize(
    ("name", "version"), [("locust-io-v2.yaml", "locust.io/v2"), ("locust-cloud-v1.yaml", "locust.cloud/v1")]
)
def test_the_operators_manifests_are_locust_tests(name: str, version: str) -> None:
    """Of the stated API, with arguments that translate to commands of perfgate."""
    test = _documents(name)[0]
    assert (test["apiVersion"], test["kind"]) == (version, "LocustTest")
    spec = test["spec"]
    words = spec["args"] if "args" in spec else spec["master"]["command"]
    _is_understood(_translate("--master", *words.split()))
