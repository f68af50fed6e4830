"""The picture of a comment in the docs, made as a site would show it: markdown to HTML to a browser.

python -m tests.report.comment_picture docs/images/comment.png    (needs Chromium)
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from math import sin
from pathlib import Path

from markdown_it import MarkdownIt

from perfgate.judge.result import Baseline, Check, Comparison, Result, Revision
from perfgate.measure.summary import Series
from perfgate.report.comment import Context, Entry, Part, Record, render
from tests.report import results

BASE, HEAD, BEFORE = ("9f1c2e7ab04d" + "5" * 28, "3b7e0d12c9aa" + "6" * 28, "51d0c3a9e2f4" + "7" * 28)
COMPARISON = Comparison(
    pairs=30,
    block_s=1.0,
    duration_s=60.0,
    stopped="decided",
    base_url="http://127.0.0.1:8001",
    head_url="http://127.0.0.1:8002",
    max_slowdown_percent=10.0,
    false_alarm_rate=0.01,
)
# As GitHub shows them; the machine that takes the picture may have no letters for them.
MARK = '<svg width=16 height=16 viewBox="0 0 16 16" style="vertical-align:-3px">{}</svg>'
BOX = '<rect width=16 height=16 rx=3 fill="{}"/><path d="{}" stroke="#fff" stroke-width=2 fill=none />'
MARKS = {
    "✅": BOX.format("#2da44e", "M4 8.5l3 3 5-7"),
    "🚀": BOX.format("#0969da", "M8 12V4M4.5 7.5L8 4l3.5 3.5"),
    "❌": '<path d="M3 3l10 10M13 3L3 13" stroke="#d1242f" stroke-width=3 />',
}
STYLE = """
body { margin: 0; font: 14px/1.5 "Segoe UI", "Noto Sans", Helvetica, Arial, "DejaVu Sans", sans-serif; color: #1f2328 }
.box { width: 980px; margin: 16px; border: 1px solid #d1d9e0; border-radius: 6px }
.head { background: #f6f8fa; border-bottom: 1px solid #d1d9e0; padding: 8px 16px; color: #59636e }
.body { padding: 16px }
h3 { font-size: 1.25em; margin: 0 0 16px; line-height: 1.25 }
p, ul, table, details, pre { margin: 0 0 16px }
table { border-collapse: collapse; display: block; width: max-content; max-width: 100%; overflow: auto }
th, td { padding: 6px 13px; border: 1px solid #d1d9e0 }
tr:nth-child(2n) { background: #f6f8fa }
code, pre { font: 85% Menlo, Consolas, "DejaVu Sans Mono", monospace }
code { background: #818b981f; border-radius: 6px; padding: .2em .4em; white-space: break-spaces }
pre { background: #f6f8fa; padding: 16px; border-radius: 6px }
pre code { background: none; padding: 0 }
a { color: #0969da }
"""


def compared(name: str, metric: str, sides: tuple[float, float], interval: tuple[float, float], decision: str) -> Check:
    """A comparison of one metric at base and head."""
    base, head = sides
    status = "fail" if decision == "worse" else "pass"
    return results.check(
        status,
        kind="paired",
        endpoint=name,
        metric=metric,
        baseline=base,
        observed=head,
        limit=None,
        change_percent=(head / base - 1) * 100,
        interval_percent=interval,
        smallest_detectable_percent=4.9 if metric == "p95" else 2.4,
        decision=decision,
    )


def curve(level: float) -> Series:
    """A minute of response times."""
    lots = random.Random(3)
    return Series(p95_ms=[level * (0.7 + 0.3 * sin(second / 5) + lots.random() * 0.4) for second in range(60)])


def example() -> Result:
    """One endpoint became slower, another one faster."""
    peak = [
        results.FAILED,
        compared("GET /items/{id}", "p95", (251.2, 312.4), (19.8, 29.1), "worse"),
        compared("GET /items/{id}", "p50", (98.4, 104.1), (4.2, 7.6), "not_worse"),
        compared("POST /orders", "p50", (44.0, 37.1), (-18.2, -12.9), "better"),
        results.check(metric="error_rate", unit="share", observed=0.00025, limit=0.01, fail_limit=0.01),
    ]
    normal = [compared("GET /items/{id}", "p95", (118.2, 121.9), (-1.1, 7.0), "not_worse"), results.check()]
    slow = results.endpoint(None, requests=24_000, failures=6, p50=104.1)
    return results.passed(
        kind="compare",
        verdict="fail",
        exit_code=1,
        base=Revision(commit=BASE),
        baseline=Baseline(kind="paired", choice="merge-base", commit=BASE),
        false_alarm_rate=0.01,
        runs=[
            results.run("normal", checks=normal, comparison=COMPARISON, series=curve(120)),
            results.run("peak", verdict="fail", checks=peak, comparison=COMPARISON, series=curve(300), total=slow),
        ],
    )


def page() -> str:
    """The comment as HTML, two of its folds open."""
    words = "11 checks held, and nothing is proven slower than before"
    before = Record(entries=(Entry(commit=BEFORE, verdict="pass", words=words, at=results.STARTED_AT - 86_400, run=1),))
    context = Context(
        commit=HEAD, run=2, report_url="https://github.com/octo/shop/actions/runs/2", at=results.STARTED_AT
    )
    text = render([Part("", example())], context, before)
    body = MarkdownIt("commonmark", {"html": True}).enable(["table"]).render(text)
    for title in ("Earlier", "Reproduce"):
        body = body.replace(f"<details><summary>{title}", f"<details open><summary>{title}")
    for sign, drawing in MARKS.items():
        body = body.replace(sign, MARK.format(drawing))
    head = '<div class="head"><b>github-actions</b> bot commented</div>'
    style = f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>"
    return f'{style}<div class="box">{head}<div class="body">{body}</div></div>'


def main() -> None:
    """Take the picture."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "comment.html")
        file.write_text(page(), encoding="utf-8")
        quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars"]
        size, where = "--window-size=1014,935", f"--screenshot={Path(sys.argv[1]).resolve()}"
        subprocess.run(["chromium", *quiet, size, where, file.as_uri()], check=True)


if __name__ == "__main__":
    main()
