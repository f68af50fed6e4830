"""A browser of sorts: asks a real service, keeps cookies, follows redirects, and writes it all down as a HAR file."""

from __future__ import annotations

import http.client
import json
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit


class Browser:
    """One person's session with one service.

    Attributes:
        entries: of the HAR file.
        text: of the last answer.
    """

    def __init__(self, url: str, *, sanitized: bool = False) -> None:
        self._url = url
        self._sanitized = sanitized
        self._cookies: dict[str, str] = {}
        self.entries: list[dict[str, Any]] = []
        self.text = ""

    def cookie(self, name: str) -> str:
        """What a script in a page would read."""
        return self._cookies[name]

    def json(self) -> Any:
        """The last answer."""
        return json.loads(self.text)

    def get(self, path: str, **headers: str) -> str:
        """Follow a link; the text of the page at its end."""
        return self.send("GET", path, headers=headers)

    def send(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        form: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> str:
        """Send a request and follow where it leads."""
        sent = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        body = ""
        if json is not None:
            body, sent["Content-Type"] = json_text(json), "application/json"
        if form is not None:
            body, sent["Content-Type"] = urlencode(form), "application/x-www-form-urlencoded"
        url = urljoin(self._url, path)
        target = self._exchange(method, url, body, sent)
        while target:
            target = self._exchange("GET", urljoin(url, target), "", {})
        return self.text

    def _exchange(self, method: str, url: str, body: str, headers: dict[str, str]) -> str:
        """One request and its answer; where it leads, if anywhere."""
        parts = urlsplit(url)
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        sent = {**headers, **({"Cookie": cookies} if cookies else {}), "User-Agent": "Mozilla/5.0"}
        began, start = datetime.now(UTC), time.monotonic()
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body or None, sent)
        answer = connection.getresponse()
        self.text = answer.read().decode()
        connection.close()
        took_ms = (time.monotonic() - start) * 1000
        fields = answer.getheaders()
        for name, value in fields:
            if name.lower() == "set-cookie":
                cookie, _, held = value.partition(";")[0].partition("=")
                self._cookies[cookie] = held
        request: dict[str, Any] = {"method": method, "url": url, "headers": self._written(sent.items())}
        if body:
            request["postData"] = {"mimeType": sent["Content-Type"], "text": body}
        content = {"mimeType": answer.getheader("Content-Type", ""), "text": self.text}
        response = {"status": answer.status, "headers": self._written(fields), "content": content}
        self.entries.append(
            {"startedDateTime": began.isoformat(), "time": took_ms, "request": request, "response": response}
        )
        return answer.getheader("Location", "") if 300 <= answer.status < 400 else ""

    def _written(self, fields: Any) -> list[dict[str, str]]:
        hidden = {"cookie", "set-cookie", "authorization"} if self._sanitized else set()
        return [{"name": name, "value": value} for name, value in fields if name.lower() not in hidden]

    @property
    def har(self) -> dict[str, Any]:
        """The whole file."""
        return {"log": {"version": "1.2", "creator": {"name": "test", "version": "1"}, "entries": self.entries}}


def json_text(value: Any) -> str:
    return json.dumps(value)
