"""The comment: its first line, its tables, its limits, and that nothing in it comes alive."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from perfgate.judge.result import Acceptance, Baseline, Check, Comparison, Result, Revision
from perfgate.measure.summary import Series
from perfgate.report.comment import Context, Entry, Part, Record, marker, outcome, read_record, render, verdict_of
from perfgate.report.page import length
from perfgate.report.sparkline import sparkline
from tests.report import results

COMMIT, BASE = "a" * 40, "b" * 40
CONTEXT = Context(commit=COMMIT, run=5, report_url="https://github.test/runs/5", at=1_772_600_000.0)
OWN_TAGS = {"h3", "p", "table", "thead", "tbody", "tr", "th", "td", "strong", "ul", "li", "code", "pre"}
OWN_TAGS |= {"details", "summary", "sub", "blockquote", "a"}


def paired(decision: str, status: str = "pass", **changes: Any) -> Check:
    """A comparison of p95 with the base."""
    fields: dict[str, Any] = {
        "kind": "paired",
        "endpoint": "GET /items/{id}",
        "decision": decision,
        "baseline": 250.0,
        "observed": 312.4,
        "change_percent": 24.96,
        "interval_percent": (20.1, 29.8),
        "smallest_detectable_percent": 4.2,
        "limit": 10.0,
        "source": "",
        "message": "p95 is 25 % slower than the base",
    }
    return results.check(status, **{**fields, **changes})


def compared(*checks: Check, **changes: Any) -> Result:
    """A comparison of two revisions with these checks."""
    comparison = Comparison(
        pairs=30,
        block_s=1.0,
        duration_s=60.0,
        stopped="decided",
        base_url="http://127.0.0.1:1",
        head_url="http://127.0.0.1:2",
        max_slowdown_percent=10.0,
        false_alarm_rate=0.01,
    )
    fields: dict[str, Any] = {
        "kind": "compare",
        "base": Revision(commit=BASE, branch="main", dirty=False),
        "baseline": Baseline(kind="paired", choice="merge-base", commit=BASE, walked=2),
        "false_alarm_rate": 0.01,
        "runs": [results.run("peak", verdict="pass", checks=list(checks), comparison=comparison)],
    }
    return results.passed(**{**fields, **changes})


def shown(*parts: Result, context: Context = CONTEXT, before: Record | None = None) -> str:
    return render([Part("" if len(parts) == 1 else f"job {n}", one) for n, one in enumerate(parts)], context, before)


def first(*parts: Result, context: Context = CONTEXT) -> str:
    return shown(*parts, context=context).splitlines()[0]


# The first line


@pytest.mark.parametrize(
    ("result", "line"),
    [
        (results.passed(), "### ✅ perfgate PASS: fast enough. 5 checks held. Nothing has to be done."),
        (
            compared(paired("not_worse", change_percent=0.4)),
            (
                "### ✅ perfgate PASS: fast enough. 1 check held, and nothing is proven slower than before. "
                "Nothing has to be done."
            ),
        ),
        (
            results.result(),
            (
                "### ❌ perfgate FAIL: not fast enough. p95 of `GET /items/{id}` (catalog / peak) is 312.4 ms, "
                "budget 250 ms. Make it faster, or change the limit at `budgets.toml:57`."
            ),
        ),
        (
            compared(paired("worse", "fail"), paired("worse", "fail", metric="p50"), verdict="fail", exit_code=1),
            (
                "### ❌ perfgate FAIL: not fast enough. p95 (paired) of `GET /items/{id}` (catalog / peak) changed by "
                "+25 % (+20 % to +30 %), tolerated is +10 %, and 1 more check failed. "
                "Make it faster, or accept it for a time with `[[accept]]` in `budgets.toml`."
            ),
        ),
        (
            compared(paired("undecided", "invalid"), verdict="invalid", exit_code=3),
            (
                "### ❔ perfgate UNDECIDED: not known yet whether it is slower. p95 (paired) of `GET /items/{id}` "
                "(catalog / peak) changed by +25 % (+20 % to +30 %), tolerated is +10 %. "
                "Run it again, or raise `max_duration` under `[compare]` in `budgets.toml`."
            ),
        ),
        (
            results.passed(verdict="invalid", exit_code=3, runs=[results.doubtful()]),
            (
                "### 🚫 perfgate INVALID: not known whether it is fast enough. catalog/doubtful: "
                "the generator used 97 % of its core. Mend that, and run it again."
            ),
        ),
        (
            results.passed(verdict="warn", runs=[results.soak()]),
            (
                "### ⚠️ perfgate WARN: within the limits, but close to a limit. memory (catalog / soak) is 212 MB, "
                "budget 200 MB. Nothing has to be done now."
            ),
        ),
        (
            results.passed(verdict="warn", exit_code=1, strict=True, runs=[results.soak()]),
            (
                "### ⚠️ perfgate WARN: close to a limit, and here a warning fails. memory (catalog / soak) is 212 MB, "
                "budget 200 MB. Let it need less memory, or change the limit at `budgets.toml:42`."
            ),
        ),
        (
            results.passed(verdict="fail", exit_code=1, reasons=["the disk burnt"]),
            "### ❌ perfgate FAIL: not fast enough. the disk burnt. Look at the report.",
        ),
    ],
    ids=["pass", "compared", "fail", "worse", "undecided", "invalid", "warn", "strict", "otherwise"],
)
def test_the_first_line_says_whether_it_is_fast_enough_why_and_what_to_do(result: Result, line: str) -> None:
    """Also in a notification that shows no more."""
    assert first(result) == line


def test_something_broken_beside_something_undecided_is_invalid() -> None:
    """There is something to mend."""
    result = compared(paired("undecided", "invalid"), results.INVALID, verdict="invalid", exit_code=3)
    assert outcome([Part("", result)]) == "invalid"


def test_a_pass_of_a_job_that_failed_is_not_believed() -> None:
    """A result can say anything; how the job ended, GitHub says."""
    context = replace(CONTEXT, ended_with="failure")
    assert first(results.passed(), context=context).startswith("### 🚫 perfgate INVALID")
    assert "the job that measured ended with failure" in shown(results.passed(), context=context)
    assert first(results.result(), context=context).startswith("### ❌ perfgate FAIL")
    assert first(results.passed(), context=replace(CONTEXT, ended_with="success")).startswith("### ✅")


def test_without_a_result_it_says_so() -> None:
    """No older verdict is left standing."""
    text = render([], replace(CONTEXT, problem="The result cannot be read: not JSON."))
    assert text.startswith(
        "### 🚫 perfgate INVALID: not known whether it is fast enough. The result cannot be read: not JSON."
    )


def test_the_worst_of_several_results_decides() -> None:
    """And each is named."""
    text = shown(results.passed(), results.result(), results.passed())
    assert text.startswith("### ❌ perfgate FAIL")
    assert "| ❌ | job 1: catalog / peak | `GET /items/{id}` |" in text
    assert "| ✅ | job 0: catalog / normal |" in text


# The tables


def test_what_failed_or_changed_is_a_table_and_what_passed_is_folded_away() -> None:
    """With base, head, change, interval, budget and its line."""
    budget = results.FAILED
    result = compared(budget, paired("worse", "fail"), paired("better", metric="p50", change_percent=-12.0,
                      interval_percent=(-14.0, -10.0)), paired("not_worse", metric="mean"), verdict="fail")  # fmt: skip
    table, folded = shown(result).replace("\u00a0", " ").split("<details>", 1)
    where = "| catalog / peak | `GET /items/{id}` |"
    assert (
        f"| ❌ {where} p95 (paired) | 250 ms | **312.4 ms** | +25 % (+20 % to +30 %) slower | change of at most +10 % |"
        in table
    )
    assert (
        f"| ❌ {where} p95 | 250 ms | **312.4 ms** | +25 % (+20 % to +30 %) slower | "
        "250 ms, passed by 62.4 ms (25 %) `budgets.toml:57` |"
    ) in table
    assert f"| 🚀 {where} p50 (paired) | 250 ms | 312.4 ms | -12 % (-14 % to -10 %) better |" in table
    assert "mean (paired)" not in table
    assert "<summary>1 check passed</summary>" in folded


def test_each_load_has_its_curve() -> None:
    """Without a picture from anywhere."""
    assert re.search(r"\| ✅ \| catalog / normal \| 24,000 \|.*\| [▁▂▃▄▅▆▇█·]{16} \|", shown(results.passed()))


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([0, 1, 2, 3, 4, 5, 6, 7, 8], "▁▁▂▃▄▅▆▇█"[:1] + "▂▃▄▅▆▇██"),
        ([1.0, None, 1.0], "█·█"),
        ([None, None], ""),
        ([], ""),
        ([0, 0], "▁▁"),
        ([1] * 100, "█" * 24),
        ([-1, 2], "▁█"),
    ],
)
def test_a_curve_runs_from_zero_to_its_largest_value(values: list[float | None], line: str) -> None:
    """Gaps are dots."""
    assert sparkline(values) == line


@given(st.lists(st.none() | st.floats(0, 1e6)), st.integers(1, 60))
def test_a_curve_is_never_wider_than_its_room(values: list[float | None], width: int) -> None:
    """Long runs are drawn with their worst seconds."""
    assert len(sparkline(values, width)) <= width


# How far to trust it


def test_it_says_how_far_the_verdict_can_be_trusted() -> None:
    """Baseline, false alarms, the smallest slowdown that would have been found, health."""
    text = shown(compared(paired("not_worse"), paired("not_worse", metric="p50", smallest_detectable_percent=2.5)))
    assert "- **Compared with** `bbbbbbbbbbbb` (merge-base, 2 commits before it)" in text
    assert "falsely red in at most 1 % of runs" in text
    assert "would have been found** (in 9 of 10 cases): p95 +4.2 %, p50 +2.5 %" in text
    assert "- **Health:** the load generator was sound in the only load" in text
    assert "only budgets were judged" in shown(results.passed())
    assert "**Health:** 1 load of 1 cannot be trusted" in shown(
        results.passed(verdict="invalid", runs=[results.doubtful()])
    )


def test_a_missing_baseline_is_told() -> None:
    """Not hidden."""
    baseline = Baseline(kind="history", choice="latest", detail="no run of main is recorded yet")
    text = shown(results.passed(baseline=baseline))
    assert "- **Compared with** nothing (latest), 0 earlier runs: no run of main is recorded yet" in text


def test_accepted_regressions_are_shown_every_time() -> None:
    """With who, why and until when; and those that are over."""
    accepted = Acceptance(metric="p95", up_to_percent=30.0, reason="new feature", by="ann", until="2026-12-31",
                          source="budgets.toml:9")  # fmt: skip
    over = accepted.model_copy(update={"expired": True, "reason": "old feature"})
    text = shown(compared(paired("worse", accepted=accepted), acceptances=[accepted, over]))
    assert "**Accepted regressions**" in text
    assert "up to +30 % until 2026-12-31, by ann: new feature (budgets.toml:9)" in text.replace("&#58;", ":")
    assert "no longer accepted: p95: up to +30 % until 2026-12-31, by ann: old feature" in text


def test_the_command_that_shows_the_same_is_exact() -> None:
    """It can be copied."""
    changes = {"seed": 7, "scale": 0.5, "revision": Revision(commit=COMMIT)}
    text = shown(compared(paired("worse", "fail"), verdict="fail", exit_code=1, **changes))
    assert f"```sh\ngit checkout {COMMIT}\nperfgate compare {BASE} --seed 7 --scale 0.5\n```" in text
    one_red = results.passed(verdict="fail", runs=[results.run(), results.peak()])
    text = shown(one_red, context=replace(CONTEXT, budgets="perf/b.toml", commit=None))
    assert "```sh\nperfgate run --budgets perf/b.toml --service catalog --load peak --seed 7\n```" in text


def test_a_pull_requests_commit_is_fetched_and_held_against_the_commit_it_branched_from() -> None:
    """Its job measured a merge with the target; alone, it has not the target's other changes."""
    result = compared(paired("worse", "fail"), verdict="fail", exit_code=1, revision=Revision(commit="c" * 40))
    text = shown(result, context=replace(CONTEXT, fetch="pull/7/head"))
    assert f"```sh\ngit fetch origin pull/7/head\ngit checkout {COMMIT}\nperfgate compare --seed 7\n```" in text


def suite(detail: str) -> Result:
    """Benchmarks at two revisions."""
    result = compared(paired("worse", "fail"), verdict="fail", exit_code=1, revision=Revision(commit=COMMIT))
    runs = result.runs
    assert runs[0].comparison
    comparison = runs[0].comparison.model_copy(update={"base_url": "", "head_url": ""})
    baseline = Baseline(kind="paired", choice="main", commit=BASE, detail=detail)
    runs = [runs[0].model_copy(update={"comparison": comparison})]
    return result.model_copy(update={"runs": runs, "baseline": baseline})


def test_what_else_was_compared_has_its_own_command() -> None:
    """Benchmarks, and two deployments; what another tool measured has none."""
    assert f"perfgate compare {BASE} --benchmarks 'pytest \"b c\"' --seed 7\n" in shown(
        suite('main, against the work tree: pytest "b c"')
    )
    deployments = compared(paired("worse", "fail"), verdict="fail", exit_code=1, base=Revision())
    assert "perfgate compare --base-url http://127.0.0.1:1 --head-url http://127.0.0.1:2 --seed 7\n" in shown(
        deployments
    )
    assert "Reproduce" not in shown(results.passed(kind="benchmarks", runs=[]))
    assert "perfgate run --seed 7 --strict\n" in shown(results.passed(strict=True))


def test_what_could_not_be_told_is_told_once() -> None:
    """In the table; what it would take is folded away."""
    words = "p95 250 ms to 312.4 ms; undecided; about 400 pairs would tell"
    undecided = paired("undecided", "invalid", message=words)
    text = shown(compared(undecided, verdict="invalid", exit_code=3, reasons=[f"catalog/peak: {words}"]))
    assert text.count("about 400 pairs would tell") == 1
    assert "**Could not be judged**" not in text
    assert "What it would take to tell (1 undecided)" in text


def _on_a_busy_machine(result: Result, *, sound: bool = True) -> Result:
    made = results.comparison(pairs=146, dropped={"steal": 400, "loop lag": 12}, load_average=15.0)
    runs = [run.model_copy(update={"comparison": made, "sound": sound}) for run in result.runs]
    environment = result.environment.model_copy(update={"cpu_count": 2})
    return result.model_copy(update={"runs": runs, "environment": environment})


BUSY = "this machine is busy (load 15 on 2 cores), 412 of 558 pairs dropped (steal 400, loop lag 12)"


@pytest.mark.parametrize("sound", [True, False], ids=["undecided", "not to be trusted"])
def test_a_busy_machine_explains_why_nothing_is_known(*, sound: bool) -> None:
    """As on the terminal: below the first line, which says what to do about it."""
    undecided = compared(paired("undecided", "invalid"), verdict="invalid", exit_code=3)
    text = shown(_on_a_busy_machine(undecided, sound=sound))
    assert f"> catalog / peak: {BUSY}: compare where it is quieter." in text
    assert text.count("this machine is busy") == 1
    if sound:
        assert "The machine was busy: run it again where it is quieter." in text.splitlines()[0]
        assert "max_duration" not in text.splitlines()[0]


def test_many_dropped_pairs_are_told_of_what_could_be_decided_too() -> None:
    """Among what the verdict rests on; a few are not."""
    decided = compared(paired("worse", "fail"), verdict="fail", exit_code=1)
    assert f"- **Dropped pairs:** catalog / peak: {BUSY}" in shown(_on_a_busy_machine(decided))
    assert "Dropped pairs" not in shown(decided)


def test_what_is_tolerated_of_a_rate_and_of_a_throughput() -> None:
    """Less is worse: a tenth more time is an eleventh less throughput. A rate changes by points."""
    less = {"metric": "throughput", "unit": "per_second", "direction": "at_least", "change_percent": -40.0}
    rate = {"metric": "error_rate", "unit": "share", "change_percent": None, "interval_percent": None}
    throughput = paired("worse", "fail", **{**less, "interval_percent": (-50.0, -30.0)})
    errors = paired("worse", "fail", **rate, baseline=0.0, observed=0.02)
    text = shown(compared(throughput, errors, verdict="fail", exit_code=1))
    assert "-40\u00a0% (-50\u00a0% to -30\u00a0%) slower | change of at most -9.1 % |" in text
    assert "| +2 points slower | - |" in text
    assert "would have been found** (in 9 of 10 cases): throughput -4.2 %, error rate +4.2 %" in text


def test_a_base_that_is_no_commit_is_no_word_of_the_command() -> None:
    """It would be an option."""
    text = shown(compared(paired("not_worse"), base=Revision(commit="--base-url=http://evil.example")))
    assert f"```sh\ngit checkout {COMMIT}\nperfgate compare --seed 7\n```" in text


@settings(max_examples=25)
@given(st.text(max_size=40))
def test_no_name_ends_the_block_of_code_or_the_command(name: str) -> None:
    """A shell that is given the line runs perfgate, and nothing else."""
    import shlex

    run = results.run(name or "x", service="``` && rm -rf ~ #", verdict="fail", checks=[results.FAILED])
    text = shown(results.passed(verdict="fail", runs=[run]))
    blocks = [token for token in MarkdownIt("commonmark").parse(text) if token.type == "fence"]
    assert len(blocks) == 1
    checkout, command = blocks[0].content.splitlines()
    assert checkout == f"git checkout {COMMIT}"
    assert shlex.split(command)[:4] == ["perfgate", "run", "--service", "``` && rm -rf ~ #"]


# What it remembers


def entry(commit: str = BASE, **changes: Any) -> Entry:
    fields: dict[str, Any] = {"commit": commit, "verdict": "fail", "words": "too slow", "at": 1.0, "run": 1}
    return Entry(**{**fields, **changes})


def test_a_record_comes_back_from_the_comment() -> None:
    """Whatever the words are."""
    before = Record(entries=(entry(words="-->`|@team</details>\u202e"),))
    text = shown(results.passed(), before=before)
    assert [one.commit for one in read_record(text).entries] == [COMMIT, BASE]
    assert read_record(text).entries[1] == before.entries[0]


@given(st.text())
def test_any_text_is_read_as_a_record_without_an_error(text: str) -> None:
    """A comment can be edited by others."""
    import base64

    assert read_record(text) == Record()
    hidden = base64.urlsafe_b64encode(text.encode("utf-8", "replace")).decode()
    assert read_record(f"<!-- perfgate:record {hidden} -->") == Record()


def test_history_stays_short() -> None:
    """Of hundreds of pushes, too."""
    record = Record()
    for number in range(60):
        text = shown(results.passed(), context=replace(CONTEXT, commit=f"{number:040x}", run=number), before=record)
        record = read_record(text)
    assert len(record.entries) == 40
    assert "<summary>Earlier commits (39)</summary>" in text
    assert text.count("| ✅ | `0000") == 20
    assert length(text) < 65_536


def test_the_same_job_at_the_same_commit_replaces_what_it_said() -> None:
    """A job that is run again."""
    record = read_record(shown(results.result()))
    assert len(read_record(shown(results.passed(), before=record)).entries) == 1


def test_another_job_that_failed_at_the_same_commit_is_in_the_first_line() -> None:
    """A green job must not hide it; at another commit it is history."""
    mine = replace(CONTEXT, job="macos")
    record = Record(entries=(entry(COMMIT, job="linux"),))
    assert verdict_of([Part("", results.passed())], mine, record) == "fail"
    text = shown(results.passed(), context=mine, before=record)
    assert text.startswith("### ❌ perfgate FAIL: not fast enough. Job `linux`: too slow.")
    assert verdict_of([Part("", results.passed())], mine, Record(entries=(entry(BASE, job="linux"),))) == "pass"


def test_each_budgets_file_has_its_own_marker() -> None:
    """And a file always the same."""
    assert marker("budgets.toml") == marker("budgets.toml") != marker("other/budgets.toml")
    assert marker("--> <script>").count(">") == 1


# Whatever a result holds


class Reader(HTMLParser):
    """The tags and the links of a page, and what is text in it but not code."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str | None] = []
        self.comments: list[str] = []
        self.words: list[str] = []
        self.rows: list[int] = []
        self.open: list[str] = []
        html = (
            MarkdownIt("commonmark", {"html": True, "linkify": False}).enable(["table", "strikethrough"]).render(text)
        )
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.open.append(tag)
        if tag == "a":
            self.links.append(dict(attrs).get("href"))
        if tag == "tr":
            self.rows.append(0)
        if tag in ("td", "th"):
            self.rows[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not set(self.open) & {"code", "pre"}:
            self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


# What GitHub and GitLab turn into links or notifications in text that is not code.
ALIVE = re.compile(
    r"(?<![\w`])@[A-Za-z0-9]|(?<!\w)#\d|[!~$&%]\d|https?://|ftp://|www\.\w|\bGH-\d|(?<![0-9A-Za-z])[0-9a-f]{7,40}(?![0-9A-Za-z])"
    r"|:[a-z][a-z0-9_+-]*:|[\u202a-\u202e\u2066-\u2069]",
    re.IGNORECASE,
)


def harmless(text: str) -> None:
    """Nothing from outside has become a tag, a link, a mention, a reference, or a row."""
    page = Reader(text)
    assert page.tags <= OWN_TAGS
    assert page.open == []
    assert page.links == ["https://github.test/runs/5"]
    assert len(page.comments) == 2
    assert set(page.rows) <= {3, 4, 5, 8, 11}
    assert [word for word in page.words if ALIVE.search(word)] == []
    assert all(character.isprintable() or character in "\n\u200b\u00a0" for character in text)
    assert length(text) <= 65_536


def hostile(name: str) -> Result:
    """As in the other reports, with comparisons, acceptances and a baseline besides."""
    accepted = Acceptance(metric=name, up_to_percent=1.0, reason=name, by=name, until=name, source=name, expired=True)
    checks = [
        paired(decision, status, endpoint=name, metric=name, unit=name, message=name, source=name, accepted=accepted)
        for decision, status in (("worse", "fail"), ("undecided", "invalid"), ("better", "pass"), ("gone", "skipped"))
    ]
    result = results.hostile(name)
    extra = {
        "base": Revision(commit=name, branch=name),
        "baseline": Baseline(kind="history", choice=name, commit=name, branch=name, detail=name),
        "acceptances": [accepted],
        "runs": [*result.runs, results.run(name, service=name, checks=checks)],
    }
    return result.model_copy(update=extra)


MORE = [
    "@octocat/team fixes #1 GH-12 octo/shop#3 1a2b3c4d5e6f !4 ~bug %5 $6 &7 :tada: a@b.example",
    "- [ ] task\n1. one\n=====\n---\n/close\n> [!WARNING]",
    "[x]: https://evil.example\n![i](https://evil.example/i.png) <img src=x onerror=alert(1)> [^1]",
    "\u202eevil\u2066\u200f\x00\x1b[2J\r\n\u2028",
    "<!-- perfgate:record e30= --> --><!--",
    "x" * 1_000_000,
    "```\n~~~\n````",
    "javascript:alert(1) mailto:a@b.c http://evil.example ftp://evil.example www.evil.example",
    "\U0001f525" * 5_000,
]


@pytest.mark.parametrize("name", [*results.HOSTILE, *MORE], ids=range(len(results.HOSTILE) + len(MORE)))
def test_a_hostile_name_does_nothing_wherever_it_stands(name: str) -> None:
    """In every field that a result has, in the job's name, and in what is remembered."""
    record = Record(entries=(entry(words=name[:160], job=name[:100]), entry(COMMIT, words=name[:160], job=name[:100])))
    result = hostile(name)
    for verdict in ("fail", "invalid", "warn", "pass"):
        parts = [Part(name, result.model_copy(update={"verdict": verdict}))]
        harmless(render(parts, replace(CONTEXT, job="own"), record))


WORDS = st.text() | st.sampled_from([*results.HOSTILE, *MORE[:5]])
NUMBERS = st.floats() | st.integers() | st.sampled_from([float("nan"), float("inf"), -0.0, 1e308, 5e-324])


@st.composite
def any_result(draw: st.DrawFn) -> Result:
    """A result whose texts and numbers are anything at all, as if a program had gone mad."""
    changes: Result = _model(draw, results.result())
    return changes


def _model(draw: st.DrawFn, model: Any) -> Any:
    """The model with some of its values replaced."""
    changes = {}
    for name in type(model).model_fields:
        changes[name] = _value(draw, name, getattr(model, name))
    return type(model).model_construct(None, **changes)


FIXED = {"verdict", "status", "kind", "decision", "model", "clock", "broke_by", "grade", "direction", "format"}
FIXED |= {"phases", "endpoints", "metrics"}  # the comment reads nothing of them


def _value(draw: st.DrawFn, name: str, value: Any) -> Any:
    if name in FIXED or isinstance(value, bool):
        return value
    if name == "series":
        return Series(p95_ms=draw(st.lists(st.none() | st.floats(), max_size=30)))
    if hasattr(type(value), "model_fields"):
        return _model(draw, value)
    if isinstance(value, list):
        return [_value(draw, name, item) for item in value[: draw(st.integers(0, 3))]]
    others = {str: WORDS, int: NUMBERS, float: NUMBERS}
    return draw(st.just(value) | others[type(value)]) if type(value) in others else value


@settings(max_examples=25)  # a page each
@given(any_result(), st.text(max_size=100))
def test_any_result_makes_a_harmless_comment_that_says_the_verdict_first(result: Result, job: str) -> None:
    """Texts and numbers of any kind, NaN among them."""
    text = render([Part("", result), Part(job, result)], replace(CONTEXT, job=job))
    harmless(text)
    assert re.match(r"### \S+ perfgate (PASS|WARN|FAIL|INVALID|UNDECIDED): ", text)
    assert re.search(r"(?<![a-z])(nan|inf)(?![a-z])", text.splitlines()[0]) is None


@pytest.mark.parametrize("longest", [24_000, 65_536])
def test_it_never_exceeds_what_a_comment_can_hold_and_says_what_was_left_out(longest: int) -> None:
    """The first line, the marker and the record always stay."""
    checks = [results.check("fail", endpoint=f"GET /{number}/{'`x|' * 500}", observed=300.0) for number in range(2_000)]
    result = results.passed(verdict="fail", exit_code=1, runs=[results.run(checks=checks)])
    text = render([Part("", result)], CONTEXT, longest=longest)
    assert length(text) <= longest
    shown_rows = text.count("\n| ❌ |")
    assert shown_rows > 20
    left_out = re.search(r"\*\*([\d,]+) rows were left out\*\*", text)
    assert left_out is not None
    assert int(left_out[1].replace(",", "")) >= 2_000 - shown_rows
    assert text.startswith("### ❌ perfgate FAIL")
    assert marker("budgets.toml") in text
    assert len(read_record(text).entries) == 1


@pytest.mark.parametrize(
    ("check", "words", "remedy"),
    [
        (results.check("fail", endpoint=None, metric="dist/app.js", unit="bytes"), "too large", "Make it smaller"),
        (
            results.check("fail", endpoint="GET /", metric="error_rate", unit="share"),
            "too much fails",
            "Mend what fails",
        ),
        (results.check("fail", endpoint="CLS", metric="max", unit=""), "a limit is broken", "Mend it"),
        (results.check("fail", endpoint="test_encode", metric="p50"), "not fast enough", "Make it faster"),
    ],
)
def test_what_is_broken_is_called_by_what_it_is(check: Check, words: str, remedy: str) -> None:
    """Nobody makes a bundle faster that is too large."""
    line = first(results.passed(verdict="fail", exit_code=1, kind="benchmarks", runs=[], services=[], checks=[check]))
    assert line.startswith(f"### ❌ perfgate FAIL: {words}. ")
    assert f"{remedy}, or change the limit" in line


def test_kinds_of_failures_are_told() -> None:
    """With their number and an example."""
    assert "- catalog/peak: 6 requests: HTTP 503, e.g. 503 Service Unavailable" in shown(results.result())


def test_requests_that_fail_are_no_limit_that_is_close() -> None:
    """A warning is called by what it is about, too."""
    check = results.check("warn", metric="error_rate", unit="share", observed=0.02, limit=0.01, source="default")
    run = results.run(checks=[results.check(), check], verdict="warn")
    line = first(results.passed(verdict="warn", runs=[run]))
    assert line.startswith("### ⚠️ perfgate WARN: fast enough, but some requests fail. ")
