"""Tables of the HTML report, and the small things that stand in their cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.report.element import Child, element

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from xml.etree.ElementTree import Element


def badge(status: str, words: str = "") -> Element:
    """A status as a small coloured word, or other words in its colour."""
    return element("span", words or status, class_=f"badge {status}")


def name(text: str) -> Element:
    """A name from outside."""
    return element("span", text, class_="name")


def table(headings: Sequence[str], rows: Sequence[Sequence[Child]], *, numbers: Sequence[str] = ()) -> Element | None:
    """A table whose first column names the row; None without rows.

    Args:
        headings: of the columns.
        rows: cells per row.
        numbers: the headings whose columns are aligned to the right.
    """
    if not rows:
        return None
    styles = ["number" if heading in numbers else None for heading in headings]
    head = (element("th", text, scope="col", class_=style) for text, style in zip(headings, styles, strict=True))
    body = (
        element(
            "tr",
            element("th", row[0], scope="row"),
            (element("td", cell, class_=style) for cell, style in zip(row[1:], styles[1:], strict=True)),
        )
        for row in rows
    )
    made = element("table", element("thead", element("tr", head)), element("tbody", body))
    return element("div", made, class_="scroll", tabindex="0", role="region", aria_label=f"table by {headings[0]}")


def titled(title: str, *content: Child, level: str = "h3") -> Iterable[Child]:
    """A heading and what follows, or nothing when nothing follows."""
    kept = [child for child in content if child is not None]
    return [element(level, title), *kept] if kept else []


def plain_list(items: Sequence[str]) -> Element | None:
    """A list of sentences; None without any."""
    return element("ul", (element("li", item) for item in items), class_="plain") if items else None
