"""Draws verdict.svg: how a paired comparison reaches its verdict. Run it to write the picture again."""

from __future__ import annotations

from pathlib import Path

INK, SOFT, BASE, HEAD = "#1b1f27", "#5b6472", "#1f6fd6", "#c77700"
RED, GREEN, VIOLET = "#cf222e", "#1a7f37", "#8250df"
TITLE, MIDDLE, SMALL = 'font-size="15"', 'text-anchor="middle"', 'font-size="12"'
ZERO, LIMIT, PERCENT = 190, 250, 6.0  # x of no change and of +10 %, px per percent
ROWS = [
    ("worse: the whole interval lies above", RED, 14, 36, 24, "FAIL"),
    ("not worse: the whole interval lies below", GREEN, -5, 8, 2, "PASS"),
    ("better: it lies below zero, too", GREEN, -22, -7, -14, "PASS"),
    ("undecided: it holds the limit; more pairs", VIOLET, -3, 22, 9, "drive on"),
]
ORDER = ("base", "head", "head", "base", "base", "head", "head", "base")


def text(x: float, y: float, words: str, colour: str = INK, more: str = "") -> str:
    """A line of text; `more` are further attributes."""
    size = "" if "font-size" in more else ' font-size="13"'
    return f'<text x="{x}" y="{y}" fill="{colour}"{size} {more}>{words}</text>'.replace(" >", ">")


def line(start: tuple[float, float], end: tuple[float, float], colour: str, more: str = "") -> str:
    """A straight line; `more` are further attributes."""
    return f'<line x1="{start[0]}" y1="{start[1]}" x2="{end[0]}" y2="{end[1]}" stroke="{colour}" {more}/>'


def blocks() -> list[str]:
    """The blocks in their order, and the pairs that they make."""
    parts = [text(20, 28, "1. Short blocks of the same load, at base and head in turn (ABBA)", INK, TITLE)]
    for place, side in enumerate(ORDER):
        x, colour = 20 + place * 88, BASE if side == "base" else HEAD
        parts.append(f'<rect x="{x}" y="44" width="80" height="34" rx="5" fill="{colour}" opacity="0.9"/>')
        parts.append(f'<rect x="{x}" y="44" width="8" height="34" rx="3" fill="#ffffff" opacity="0.55"/>')
        parts.append(text(x + 43, 66, side, "#ffffff", MIDDLE))
    for pair in range(4):
        x = 20 + pair * 176
        parts.append(line((x, 88), (x + 168, 88), SOFT))
        words = "dropped: steal" if pair == 2 else f"pair {pair + 1 - (pair > 2)}"
        parts.append(text(x + 84, 104, words, RED if pair == 2 else SOFT, f"{SMALL} {MIDDLE}"))
    parts.append(text(20, 124, "The light tenth is warm-up. A pair gives one observation: how the head differs.",
                      SOFT, SMALL))  # fmt: skip
    return parts


def intervals() -> list[str]:
    """The interval of the change against what is tolerated."""
    parts = [text(20, 160, "2. Each check: the interval of its change against max_slowdown", INK, TITLE)]
    parts += [line((ZERO, 176), (ZERO, 320), SOFT), line((LIMIT, 176), (LIMIT, 320), INK, 'stroke-dasharray="5 4"')]
    parts += [text(ZERO - 6, 336, "no change", SOFT, f'{SMALL} text-anchor="end"')]
    parts += [text(LIMIT - 20, 336, "+10 % tolerated", INK, SMALL)]
    for place, (words, colour, low, high, estimate, outcome) in enumerate(ROWS):
        y = 194 + place * 36
        parts.append(line((ZERO + low * PERCENT, y), (ZERO + high * PERCENT, y), colour, 'stroke-width="4"'))
        parts.append(f'<circle cx="{ZERO + estimate * PERCENT}" cy="{y}" r="6" fill="{colour}"/>')
        parts.append(text(430, y - 1, outcome, colour, 'font-size="13" font-weight="600"'))
        parts.append(text(430, y + 14, words, SOFT, SMALL))
    return parts


def looks() -> list[str]:
    """The looks, and the budget that they share."""
    parts = [text(20, 374, "3. Looked at a few times, until every check is decided or the time is over", INK, TITLE)]
    parts.append(line((20, 420), (704, 420), SOFT))
    for share, words in ((0.3, "18"), (0.45, "27"), (0.67, "41"), (1.0, "60 pairs")):
        x = 20 + 640 * share
        parts.append(f'<circle cx="{x}" cy="420" r="5" fill="{INK}"/>')
        parts.append(text(x, 442, words, SOFT, f"{SMALL} {MIDDLE}"))
        height = 26 * share**2
        parts.append(f'<rect x="{x - 14}" y="{412 - height:.1f}" width="28" height="{height:.1f}" fill="{BASE}" '
                     'opacity="0.45"/>')  # fmt: skip
    parts.append(text(20, 462, "All looks and all checks share one budget of false alarms (bars): 1 % for the whole "
                      "verdict.", SOFT, SMALL))  # fmt: skip
    return parts


def picture() -> str:
    """The whole picture."""
    inside = "\n".join([*blocks(), *intervals(), *looks()])
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 724 476" width="724" height="476" role="img" '
        'font-family="system-ui, sans-serif">\n<title>How a paired comparison reaches its verdict</title>\n'
        f'<rect width="724" height="476" fill="#ffffff"/>\n{inside}\n</svg>\n'
    )


if __name__ == "__main__":
    Path(__file__).with_suffix(".svg").write_text(picture(), encoding="utf-8")
