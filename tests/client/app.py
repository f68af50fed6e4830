"""A small web application that shows what a client sent, and answers in all the ways a client must understand."""

from __future__ import annotations

import gzip
import json
import zlib
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, jsonify, make_response, redirect, request
from waitress.server import create_server

if TYPE_CHECKING:
    from collections.abc import Iterator

app = Flask(__name__)
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@app.route("/echo", methods=METHODS)
@app.route("/echo/<path:_rest>", methods=METHODS)
def echo(_rest: str = "") -> Response:
    """Everything about the request."""
    raw = request.get_data(cache=True, parse_form_data=False)
    return jsonify(
        method=request.method,
        path=request.path,
        args=request.args.to_dict(flat=False),
        headers=dict(request.headers),
        body=raw.decode("latin-1"),
        form=request.form.to_dict(flat=False),
        files={name: [file.filename, file.read().decode("latin-1")] for name, file in request.files.items()},
        cookies=request.cookies,
    )


@app.route("/status/<int:code>", methods=METHODS)
def status(code: int) -> Response:
    """A response with this status."""
    return Response(f"status {code}", status=code)


@app.route("/redirect/<int:code>", methods=METHODS)
def redirect_with(code: int) -> Any:
    """A redirect to `to`, /echo unless given."""
    return redirect(request.args.get("to", "/echo"), code)


@app.route("/endless")
def endless() -> Any:
    """A redirect to itself."""
    return redirect("/endless")


@app.route("/cookies/set")
def set_cookies() -> Response:
    """Set each query parameter as a cookie; `path`, `secure`, `max_age` and `domain` are attributes."""
    options: dict[str, Any] = {
        "path": request.args.get("path", "/"),
        "secure": "secure" in request.args,
        "max_age": int(request.args["max_age"]) if "max_age" in request.args else None,
        "domain": request.args.get("domain"),
    }
    response = make_response("set")
    for name, value in request.args.items():
        if name not in options:
            response.set_cookie(name, value, **options)
    return response


@app.route("/encoded/<encoding>")
def encoded(encoding: str) -> Response:
    """The text `hello ` a hundred times, in this content encoding."""
    text = b"hello " * 100
    if encoding == "gzip":
        data = gzip.compress(text)
    elif encoding == "deflate":
        data = zlib.compress(text)
    elif encoding == "raw-deflate":
        data, encoding = zlib.compress(text)[2:-4], "deflate"
    elif encoding == "br":
        data = import_module("brotli").compress(text)
    else:
        data, encoding = b"this is not gzip at all", "gzip"
    return Response(data, headers={"Content-Encoding": encoding})


@app.route("/lines/<int:count>")
def lines(count: int) -> Response:
    """Lines, streamed in chunks."""

    def generate() -> Iterator[str]:
        for number in range(count):
            yield f"line {number}\n"

    return Response(generate(), mimetype="text/plain")


@app.route("/bytes/<int:size>")
def some_bytes(size: int) -> Response:
    """A body of this size."""
    return Response(b"x" * size, mimetype="application/octet-stream")


@app.route("/latin1")
def latin1() -> Response:
    """A text that is not UTF-8."""
    return Response("Übergröße".encode("latin-1"), content_type="text/plain; charset=iso-8859-1")


@app.route("/basic-auth")
def basic_auth() -> Response:
    """Who logged in."""
    credentials = request.authorization
    if credentials is None:
        return Response(status=401)
    return jsonify(user=credentials.username, password=credentials.password)


@app.route("/json")
def some_json() -> Response:
    """A JSON document."""
    return Response(json.dumps({"items": [1, 2, 3]}), mimetype="application/json")


class AppServer:
    """The application behind waitress, in a thread."""

    def __init__(self) -> None:
        self._server = create_server(app, host="127.0.0.1", port=0, threads=4)
        self._closing = False
        Thread(target=self._run, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.effective_port}"

    def _run(self) -> None:
        try:
            self._server.run()
        except OSError:  # it was waiting on the socket that `close` has just closed
            if not self._closing:
                raise

    def close(self) -> None:
        """Stop serving; the thread ends with its last connection, or with the process."""
        self._closing = True
        self._server.close()
