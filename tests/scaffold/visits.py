"""What a person does at the throw-away service, recorded."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tests.scaffold.browser import Browser
from tests.servers.throw_away import PASSWORD, USER, Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def serving() -> Iterator[Service]:
    """One instance."""
    with Service(0) as service:
        thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield service
        service.shutdown()
        thread.join()


def recorded(visit: Callable[[Browser], None], *, sanitized: bool = False) -> dict[str, Any]:
    """The HAR file of a visit to an instance that is gone afterwards."""
    with serving() as service:
        browser = Browser(service.url, sanitized=sanitized)
        visit(browser)
        return browser.har


def orders(browser: Browser) -> None:
    """Sign in for a token, choose from a list, make something, look at it, change it, delete it."""
    browser.send("POST", "/api/login", json={"username": USER, "password": PASSWORD})
    bearer = {"Authorization": f"Bearer {browser.json()['data']['access_token']}"}
    browser.send("GET", "/api/items", headers=bearer)
    item = browser.json()["items"][2]["id"]
    browser.send("GET", f"/api/items/{item}", headers=bearer)
    browser.send("POST", "/api/orders", json={"item_id": item, "count": 1}, headers=bearer)
    order = browser.json()["order"]["id"]
    browser.send("GET", f"/api/orders/{order}", headers=bearer)
    browser.send("PUT", f"/api/orders/{order}", json={"count": 2}, headers=bearer)
    browser.send("DELETE", f"/api/orders/{order}", headers=bearer)


def notes(browser: Browser) -> None:
    """Sign in with a form, write a note, come back to it, change a setting from a script, sign out."""
    browser.get("/login")
    browser.send(
        "POST", "/login", form={"user": USER, "password": PASSWORD, "csrf_token": _held(browser.text, "value")}
    )
    token = _held(browser.text, "content")
    browser.send("POST", "/notes", form={"text": "hello", "csrf_token": token})
    browser.get(browser.entries[-1]["request"]["url"])
    browser.send(
        "PUT", "/settings", json={"theme": "dark"}, headers={"X-XSRF-TOKEN": unquote(browser.cookie("XSRF-TOKEN"))}
    )
    browser.send("POST", "/logout", form={"csrf_token": token})


def _held(page: str, attribute: str) -> str:
    found = re.search(rf"{attribute}=[\"']([^\"']+)", page)
    assert found is not None, page
    return found[1]
