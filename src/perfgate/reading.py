"""Every file that somebody else may have written is opened here: a real file, of a bounded size, and nothing else.

A FIFO would wait for a writer for ever, `/dev/zero` would fill the memory, and a file of many gigabytes would, too.
What is refused is an `OSError` whose `strerror` says why, so that callers tell it as they tell a file that is missing.
"""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader, FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from os import PathLike

MB = 1024 * 1024
LARGEST = 64 * MB
LARGEST_SOURCE = 16 * MB  # of what people write: budgets, scenarios
LARGEST_DOCUMENT = 512 * MB  # of what tools write as one document
_KINDS = (
    (stat.S_ISDIR, "it is a folder, and no file"),
    (stat.S_ISFIFO, "it is a pipe, and no file: write it into a file first"),
    (stat.S_ISCHR, "it is a device, and no file"),
    (stat.S_ISBLK, "it is a device, and no file"),
    (stat.S_ISSOCK, "it is a socket, and no file"),
)


def open_file(path: PathLike[str] | str, *, most: int | None = None, buffering: int = 8192) -> BufferedReader:
    """Open a file for reading.

    Args:
        path: of the file; links are followed.
        most: bytes that it may have; None where it is read piece by piece.
        buffering: bytes of the buffer.

    Raises:
        OSError: it cannot be opened, is no file, or is too large.
    """
    # Without O_NONBLOCK the opening of a pipe waits for whoever writes into it. Real files do not know it.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    status = os.fstat(descriptor)
    problem: OSError | None = None
    if not stat.S_ISREG(status.st_mode):
        problem = OSError(errno.EINVAL, _kind(status.st_mode), str(path))
    elif most is not None and status.st_size > most:
        problem = _too_large(path, most)
    if problem is None:
        return BufferedReader(FileIO(descriptor, "rb"), buffering)
    os.close(descriptor)
    raise problem


def read_bytes(path: PathLike[str] | str, most: int = LARGEST) -> bytes:
    """All of a file.

    Raises:
        OSError: as `open_file`; also of a file that grew while it was read.
    """
    parts, size = [], 0
    with open_file(path, most=most, buffering=MB) as file:
        while part := file.read(MB):  # whoever asks for more at once gets that much memory at once
            parts.append(part)
            size += len(part)
            if size > most:
                raise _too_large(path, most)
    return b"".join(parts)


def read_text(path: PathLike[str] | str, most: int = LARGEST, *, encoding: str = "utf-8") -> str:
    """All of a file, as text whose lines end with a new line alone.

    Raises:
        OSError: as `read_bytes`.
        UnicodeDecodeError: it is no text in this encoding.
    """
    text = read_bytes(path, most).decode(encoding)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def storable(value: Any) -> Any:
    r"""A value of JSON whose texts can be written: a lone surrogate, which no file can hold, is shown as `\ud800`."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    return value


def _kind(mode: int) -> str:
    return next((words for is_kind, words in _KINDS if is_kind(mode)), "it is no file")


def _too_large(path: PathLike[str] | str, most: int) -> OSError:
    return OSError(errno.EFBIG, f"it is larger than {most // MB:,} MB", str(Path(path)))
