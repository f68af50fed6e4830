"""The generated scenario is an ordinary Locust file: plain Locust runs it, without perfgate."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from perfgate.scaffold import InitOptions, init
from perfgate.scaffold.literal import WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.scaffold.shop import Shop

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = Path(__file__).parent / "data"


def drive(scenario: Path, shop: Shop, until: Callable[[], bool], *options: str) -> None:
    """Let plain Locust run the scenario until the service has seen enough; no request may fail."""
    command = [
        sys.executable,
        "-m",
        "locust",
        "-f",
        str(scenario),
        "--headless",
        "--only-summary",
        "-u",
        "5",
        "-r",
        "5",
    ]
    with subprocess.Popen([*command, "--host", shop.url, *options], stderr=subprocess.PIPE, text=True) as locust:
        end = time.monotonic() + 60
        while not until() and locust.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        locust.terminate()
        output = locust.communicate(timeout=60)[1]
    assert locust.returncode == 0, output


def test_a_document_can_be_driven(shop: Shop, tmp_path: Path) -> None:
    """Reads, JSON bodies and forms arrive as they are meant; the form keeps its type."""
    form = {"content": {"application/x-www-form-urlencoded": {"example": {"text": "a b", "n": 1}}}}
    body = {"content": {"application/json": {"example": {"name": "é", "tags": [1, None, True]}}}}
    paths: dict[str, Any] = {
        "/items": {"get": {}, "post": {"requestBody": body}},
        "/notes": {"post": {"requestBody": form}},
    }
    shop.json("/openapi.json", {"openapi": "3.0.0", "paths": paths})
    for path in ("/", "/items", "/notes"):
        shop.json(path, {})
    report = init(shop.url, InitOptions(tmp_path))
    shop.seen.clear()
    expected = {("GET", "/items"), ("POST", "/items"), ("POST", "/notes")}
    drive(report.written[1], shop, lambda: len(set(shop.seen)) >= len(expected))
    assert expected == set(shop.seen)
    bodies = dict(shop.bodies)
    assert json.loads(bodies["application/json"]) == {"name": "é", "tags": [1, None, True]}
    assert bodies["application/x-www-form-urlencoded"] == b"text=a+b&n=1"


def test_writes_stay_out_when_their_tag_is_excluded(shop: Shop, tmp_path: Path) -> None:
    """As `exclude_tags` in budgets.toml asks for; in a recorded session too, whose login is sent all the same."""
    report = init(str(DATA / "shop.har"), InitOptions(tmp_path))
    for path in ("/", "/cart", "/api/items", "/api/items/1001", "/static/site.css", "/static/app.3f2a91c0.js"):
        shop.json(path, {})
    shop.json("/api/session", {"access_token": "t-9"})
    for path in ("/images/1001.webp", "/reset/t-9/done", "/api/users/3fa85f64-5717-4562-b3fc-2c963f66afa6/orders/17"):
        shop.json(path, {})
    drive(report.written[1], shop, lambda: len(shop.seen) >= 30, "--exclude-tags", "writes")
    assert {path for method, path in shop.seen if method != "GET"} == {"/api/session"}
    assert [path for _, path in dict.fromkeys(shop.seen)][:3] == ["/", "/api/session", "/static/app.3f2a91c0.js"]


@pytest.mark.parametrize("name", ["petstore.json", "orders.yaml", "shop.har"])
def test_scenarios_are_clean(name: str, tmp_path: Path) -> None:
    """Neither the linter (with its own rules, and this project's) nor the formatter finds anything."""
    check(init(str(DATA / name), InitOptions(tmp_path)).written[1])


def test_scenarios_with_many_and_long_paths_are_clean_too(shop: Shop, tmp_path: Path) -> None:
    """Some fill a line, and some do not fit on one; strings that are too long for a line are broken."""
    long = "/" + "long" * 40
    links = [*(f"/{'long' * 6}/{number}" for number in range(9)), "/short/1", "/short/2", long, f"{long}/x/y/1"]
    shop.page("/", "".join(f"<a href='{link}'>x</a>" for link in links))
    for link in links:
        shop.page(link)
    scenario = init(shop.url, InitOptions(tmp_path)).written[1]
    check(scenario)
    assert scenario.read_text().count("random.choice(paths)") == 2


def check(scenario: Path) -> None:
    """Let ruff look at a scenario."""
    ruff = [sys.executable, "-m", "ruff"]
    own = ["--config", str(REPOSITORY / "pyproject.toml"), "--ignore", "D"]
    layout = ["--isolated", "--line-length", str(WIDTH)]
    for options in (["check", "--isolated"], ["check", *own], ["format", "--check", *layout]):
        done = subprocess.run(
            [*ruff, *options, "--no-cache", str(scenario)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
