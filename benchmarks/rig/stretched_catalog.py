"""The demo catalog, one endpoint of which takes longer by a known share. Run: `python -m rig.stretched_catalog --help`.

The demo services' own `--slow` repeats the work of some requests; this stretches every request by the same factor, so
that all percentiles of its service time rise by that: it notes how long the answer took, adds what the server needs
around it, and works on for the share that is wanted.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from perfgate.demo.catalog import ITEM, LIST, SEARCH, create_app
from perfgate.demo.misbehave import Slowness, chosen
from perfgate.demo.server import parser, serve
from perfgate.demo.stock import ensure

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

STRETCHED = "/items/"
AROUND_S = 0.00055  # what the server and the kernel take beside the application


class Stretching:
    """Makes the answers below `STRETCHED` take longer by a share of their time."""

    def __init__(self, app: WSGIApplication, share: float) -> None:
        self._app, self._share = app, share

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, and work on."""
        began = time.perf_counter()
        answer = list(self._app(environ, start_response))
        if self._share and environ["PATH_INFO"].startswith(STRETCHED):
            ended = time.perf_counter()
            until = ended + self._share * (ended - began + AROUND_S)
            while time.perf_counter() < until:
                pass
        return answer


def main() -> None:
    """Serve until told to stop."""
    switches = parser("catalog", __doc__.splitlines()[0], [LIST, SEARCH, ITEM], threads=4)
    switches.add_argument("--db", type=Path, required=True)
    switches.add_argument("--longer", type=float, default=0.0, help="by which share, e.g. 0.1 (%(default)s)")
    options = switches.parse_args(sys.argv[1:])
    app = create_app(ensure(options.db), Slowness(chosen(options).slow))
    app.wsgi_app = Stretching(app.wsgi_app, options.longer)  # type: ignore[method-assign]
    serve(app, options)


if __name__ == "__main__":
    main()
