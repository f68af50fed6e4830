"""One of several writers: python -m tests.baseline.writer URL ROOT NUMBER COUNT. Prints how many entries were new."""

from __future__ import annotations

import sys
from pathlib import Path

from perfgate.baseline.store import open_store
from tests.baseline.entries import entry


def main() -> None:
    """Add COUNT entries, one at a time, and one that every writer adds."""
    url, root, number, count = sys.argv[1:]
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    store = open_store(url, Path(root))
    new = sum(store.add([entry(int(number) * 1000 + each)]) for each in range(int(count)))
    store.add([entry(999_999)])
    store.close()
    print(new)  # noqa: T201


if __name__ == "__main__":
    main()
