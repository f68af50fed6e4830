"""Draws terminal.svg from what `perfgate report` prints to a terminal.

perfgate run --out .perfgate/picture && python docs/images/terminal.py .perfgate/picture
"""

from __future__ import annotations

import os
import pty
import sys
from io import BytesIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

COLUMNS = 100
# Rich's own format fetches a font from another site, which a picture in a page must not do.
FORMAT = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>What perfgate prints in a terminal</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""


def printed(command: list[str]) -> str:
    """What a command prints to a terminal, its colours included."""
    os.environ["COLUMNS"] = str(COLUMNS)
    kept = BytesIO()

    def keep(file: int) -> bytes:
        data = os.read(file, 4096)
        kept.write(data)
        return data

    pty.spawn(command, keep)
    return kept.getvalue().decode().replace("\r\n", "\n")


def main() -> None:
    """Write the picture of a recording's report."""
    text = Text.from_ansi(printed([str(Path(sys.executable).parent / "perfgate"), "report", sys.argv[1]]))
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"))  # noqa: PTH123, SIM115
    console.print(text)
    svg = console.export_svg(title="perfgate report", code_format=FORMAT, unique_id="perfgate")
    Path(__file__).with_suffix(".svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
