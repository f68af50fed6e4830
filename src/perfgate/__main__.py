"""`python -m perfgate` is the same as `perfgate`."""

from __future__ import annotations

import sys

from perfgate.errors import StoppedError
from perfgate.signals import stop_signals


def main() -> None:
    """The entry point of the `perfgate` command."""
    try:
        with stop_signals():  # before anything else is imported: a Ctrl-C may come at any moment
            from perfgate import cli

            cli.main()
    except StoppedError as error:  # it came while the command line was being imported, or at the very end
        sys.stderr.write(f"error[{error.slug}]: {error.message}\n")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
