"""Elements of HTML and SVG as values: text is escaped when they are written, so that no report can forget it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from perfgate.report.tables import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

Child = ET.Element | str | None


def element(tag: str, *children: Child | Iterable[Child], **attributes: str | float | None) -> ET.Element:
    """An element with children in order; None is left out, as a child and as an attribute.

    Args:
        tag: the element's name.
        children: elements, texts (made printable), or iterables of them.
        attributes: `class_` is written `class`, and other underscores as hyphens; numbers to two decimals.
    """
    made = ET.Element(tag)
    for name, value in attributes.items():
        if value is not None:
            made.set(name.rstrip("_").replace("_", "-"), _attribute(value))
    for child in children:
        _append(made, child)
    return made


def _append(parent: ET.Element, child: Child | Iterable[Child]) -> None:
    if child is None:
        return
    if isinstance(child, ET.Element):
        parent.append(child)
    elif isinstance(child, str):
        _append_text(parent, printable(child, longest=2000))
    else:
        for one in child:
            _append(parent, one)


def _append_text(parent: ET.Element, text: str) -> None:
    if len(parent):
        last = parent[-1]
        last.tail = (last.tail or "") + text
    else:
        parent.text = (parent.text or "") + text


def _attribute(value: str | float) -> str:
    return value if isinstance(value, str) else decimal(value)


def decimal(value: float) -> str:
    """A coordinate: two decimals at most, as short as it can be."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def written(root: ET.Element) -> str:
    """The element as HTML, with all text escaped."""
    return ET.tostring(root, encoding="unicode", method="html")
