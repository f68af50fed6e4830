"""Two real HTTP services of a small shop, to try perfgate on: `catalog` reads, `checkout` writes."""

from importlib.util import find_spec

# Said here, before the modules below import them: `python -m` then shows this one line instead of a traceback.
if find_spec("flask") is None or find_spec("waitress") is None:
    raise ModuleNotFoundError("the demo services need two more packages: pip install flask waitress")
