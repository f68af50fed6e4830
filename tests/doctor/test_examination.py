"""`perfgate doctor`: the whole, and what it finds out about software, file and services."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from perfgate.doctor import Finding, examine, exit_code, software
from perfgate.doctor.scenario import scenario, user_classes
from perfgate.errors import ExitCode
from perfgate.plan.budgets_file import budgets_schema
from perfgate.target.ports import reserve_port
from perfgate.target.system import System

if TYPE_CHECKING:
    from pathlib import Path

SCENARIO = """
from locust import FastHttpUser, task


class Visitor(FastHttpUser):
    @task
    def front(self):
        self.client.get("/")
"""
SERVER = """
import http.server, sys

http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
LISTENER = """
import socket

listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
input()
"""
BUDGETS = """
version = 1
[loads.normal]
users = {users}
duration = "10s"
[services.shop]
{service}
scenario = "shop.py"
"""


def project(
    folder: Path, service: str = 'url = "http://127.0.0.1:1"', users: int = 5, scenario: str = SCENARIO
) -> Path:
    (folder / "shop.py").write_text(scenario)
    path = folder / "budgets.toml"
    path.write_text(BUDGETS.format(service=service, users=users))
    return path


def command(folder: Path, code: str) -> str:
    """The lines of a service that runs this code."""
    (folder / "server.py").write_text(code)
    return f'command = "{sys.executable} {folder}/server.py {{port}}"\nurl = "http://127.0.0.1:{{port}}"'


def of(findings: list[Finding], what: str) -> Finding:
    return next(finding for finding in findings if finding.what == what)


class TestWhole:
    """Everything together."""

    def test_a_project_that_is_right_fails_in_nothing(self, tmp_path: Path) -> None:
        """All areas are looked at."""
        findings = examine(project(tmp_path, command(tmp_path, SERVER)))
        assert [finding for finding in findings if finding.status == "fail"] == []
        assert {finding.area for finding in findings} == {"machine", "packages", "git", "file", "services"}
        assert of(findings, "service shop").detail.endswith("and stopped again")

    def test_services_can_be_left_alone(self, tmp_path: Path) -> None:
        """Then nothing is started."""
        findings = examine(project(tmp_path), services=False)
        assert "services" not in {finding.area for finding in findings}

    def test_what_is_not_fine_says_what_to_mend(self, tmp_path: Path) -> None:
        """And what is fine does not."""
        for finding in examine(project(tmp_path)):
            assert bool(finding.mend) == (finding.status != "ok"), finding

    def test_a_system_without_proc_is_examined_too(self, tmp_path: Path) -> None:
        """Less is said about it."""
        whats = {finding.what for finding in examine(project(tmp_path), services=False, system=System(tmp_path))}
        assert {"CPU", "free memory", "disk", "receive clock", "timers", "budgets.toml"} <= whats
        assert {"VM steal", "CPU quota"} & whats == set()

    def test_users_of_the_plan_are_held_against_the_machine(self, tmp_path: Path) -> None:
        """The largest load counts."""
        findings = examine(project(tmp_path, users=77), services=False)
        assert "177 needed" in of(findings, "open files").detail


class TestExitCode:
    """What the command ends with."""

    @pytest.mark.parametrize(
        ("findings", "expected"),
        [
            ([], ExitCode.PASS),
            ([Finding("warn", "x", "y")], ExitCode.PASS),
            ([Finding("fail", "x", "y", area="file")], ExitCode.USAGE),
            ([Finding("fail", "x", "y", area="services")], ExitCode.INVALID),
            ([Finding("fail", "x", "y", area="machine"), Finding("fail", "x", "y", area="file")], ExitCode.USAGE),
        ],
    )
    def test_depends_on_what_fails(self, findings: list[Finding], expected: ExitCode) -> None:
        """A wrong file is the user's to mend first."""
        assert exit_code(findings) == expected


class TestFile:
    """The budgets file and its scenarios."""

    def test_that_is_wrong_is_a_finding_with_its_line(self, tmp_path: Path) -> None:
        """Services are not started then."""
        path = project(tmp_path)
        path.write_text(path.read_text().replace("duration", "durration"))
        findings = examine(path)
        finding = of(findings, "budgets.toml")
        assert (finding.status, exit_code(findings)) == ("fail", ExitCode.USAGE)
        assert "budgets.toml:5" in finding.detail
        assert "durration" in finding.detail

    def test_that_is_missing_is_a_finding(self, tmp_path: Path) -> None:
        """When it was named."""
        assert exit_code(examine(tmp_path / "none.toml")) == ExitCode.USAGE

    def test_need_not_be_there_yet(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """When none was named, `perfgate init` is what to type."""
        monkeypatch.chdir(tmp_path)
        finding = of(examine(), "budgets.toml")
        assert finding.status == "warn"
        assert "perfgate init" in finding.mend

    def test_with_a_host_that_is_not_allowed_is_wrong(self, tmp_path: Path) -> None:
        """It is told, and not asked."""
        findings = examine(project(tmp_path, 'url = "http://shop.example.com"'))
        assert exit_code(findings) == ExitCode.USAGE
        assert "shop.example.com" in of(findings, "budgets.toml").detail

    @pytest.mark.parametrize(
        ("source", "status"),
        [
            (SCENARIO, "ok"),
            ("import locust\nclass A(locust.HttpUser): ...", "ok"),
            ("from shop.users import Buyer", "warn"),
            ("from .users import *", "warn"),
            ("from locust import HttpUser\nclass A(HttpUser):\n    abstract = True", "fail"),
            ("import random", "fail"),
            ("", "fail"),
            ("def broken(:", "fail"),
            ("a = '\x00'", "fail"),
        ],
    )
    def test_names_scenarios_that_are_only_looked_at(self, source: str, status: str, tmp_path: Path) -> None:
        """They are compiled, and never run."""
        path = tmp_path / "s.py"
        path.write_text(source)
        assert scenario(path).status == status

    @pytest.mark.parametrize(
        ("tasks", "fails"),
        [
            ('@tag("writes")\n    @task', True),
            ('@task(3)\n    @locust.tag("reads", "writes")', True),
            ('@tag("reads")\n    @task', False),
            ("@task", False),
        ],
    )
    def test_that_exclude_tags_leave_nothing_of_fails_as_a_run_would(
        self, tasks: str, fails: bool, tmp_path: Path
    ) -> None:
        """It is said before a service is started; nothing is said of tasks that are given otherwise."""
        source = SCENARIO.replace("@task", tasks)
        path = project(tmp_path, 'url = "http://127.0.0.1:1"\nexclude_tags = ["writes"]', scenario=source)
        findings = [finding for finding in examine(path, services=False) if finding.what == "tasks of shop"]
        assert [finding.status for finding in findings] == (["fail"] if fails else [])
        assert exit_code(examine(path, services=False)) == (ExitCode.USAGE if fails else ExitCode.PASS)
        (tmp_path / "shop.py").write_text(f"{source}\n\nVisitor.tasks = [print]\ntasks = []\n")
        assert exit_code(examine(path, services=False)) == ExitCode.PASS

    def test_that_reads_variables_that_are_not_set_is_warned_of(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A login without them fails in a run; one with a default of its own is left alone."""
        names = "import os\nA = os.environ.get('SHOP_USER', '')\nB = os.environ['SHOP_PASSWORD']\n"
        more = "C = os.getenv('SHOP_TOKEN')\nD = os.environ.get('SHOP_SIZE', '7')\nos.environ['SHOP_SET'] = '1'\n"
        monkeypatch.setenv("SHOP_TOKEN", "x")
        monkeypatch.delenv("SHOP_USER", raising=False)
        path = project(tmp_path, scenario=names + more + SCENARIO)
        finding = of(examine(path, services=False), "variables of shop")
        assert (finding.status, finding.detail) == ("warn", "shop.py reads SHOP_USER, SHOP_PASSWORD: not set")

    def test_tells_the_line_of_a_syntax_error(self, tmp_path: Path) -> None:
        """As an editor would."""
        path = tmp_path / "s.py"
        path.write_text("import random\n\ndef broken(:\n")
        assert f"{path}:3: " in scenario(path).detail

    def test_names_classes_that_inherit_from_users_of_the_file(self) -> None:
        """An abstract class in between is common."""
        source = (
            "class A(HttpUser):\n    abstract = True\nclass B(A): ...\nclass C(Shape): ...\nclass D(x.ApiUser): ..."
        )
        assert user_classes(ast.parse(source)) == ["B", "D"]


class TestSchema:
    """The schema that the file names for editors, as `perfgate init` writes it."""

    @staticmethod
    def found(folder: Path, schema: object, line: str = "#:schema ./budgets.schema.json") -> list[tuple[str, str]]:
        """What is said of it; None writes no schema."""
        path = project(folder)
        path.write_text(f"# of the shop\n\n{line}\n{path.read_text()}")
        if schema is not None:
            (folder / "budgets.schema.json").write_text(json.dumps(schema))
        findings = examine(path, services=False)
        return [(one.status, one.detail) for one in findings if "editors" in one.detail]

    def test_of_this_perfgate_is_in_order(self, tmp_path: Path) -> None:
        """Nothing is said."""
        assert self.found(tmp_path, budgets_schema()) == []

    @pytest.mark.parametrize(
        ("schema", "why"),
        [
            (None, "No such file or directory"),
            ({"title": "perfgate budgets.toml"}, "another version of perfgate"),
        ],
    )
    def test_that_is_missing_or_old_is_a_warning(self, schema: object, why: str, tmp_path: Path) -> None:
        """An editor would complete nothing, or mark what is right; it is told how to write it anew."""
        [(status, detail)] = self.found(tmp_path, schema)
        assert (status, why in detail) == ("warn", True)

    @pytest.mark.parametrize("line", ["#:schema https://example.com/x.json", "# :schema ./none.json", "#:schema"])
    def test_elsewhere_is_not_looked_at(self, line: str, tmp_path: Path) -> None:
        """A URL is the user's affair, and so is any other comment."""
        assert self.found(tmp_path, None, line) == []

    def test_of_the_users_own_is_theirs(self, tmp_path: Path) -> None:
        """A stricter one, for example."""
        assert self.found(tmp_path, {"title": "ours"}) == []


class TestServices:
    """Each is tried."""

    def test_that_already_run_are_looked_at(self, tmp_path: Path) -> None:
        """And left running."""
        words = [sys.executable, "-c", LISTENER]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            port = running.stdout.readline().strip()
            finding = of(examine(project(tmp_path, f'url = "http://127.0.0.1:{port}"')), "service shop")
            assert (finding.status, finding.detail) == ("ok", f"answers at http://127.0.0.1:{port}")
            assert running.poll() is None
            running.communicate("\n")

    def test_that_do_not_answer_fail(self, tmp_path: Path) -> None:
        """With what to do."""
        with reserve_port() as port:
            findings = examine(project(tmp_path, f'url = "http://127.0.0.1:{port}"'))
        assert (of(findings, "service shop").status, exit_code(findings)) == ("fail", ExitCode.INVALID)

    def test_that_do_not_start_fail_with_their_last_words(self, tmp_path: Path) -> None:
        """What they wrote is shown."""
        program = "print('reading the settings'); raise SystemExit('42 is wrong')"
        findings = examine(project(tmp_path, command(tmp_path, program)))
        finding = of(findings, "service shop")
        assert finding.status == "fail"
        assert "42 is wrong" in finding.detail
        assert finding.detail.endswith("[service-exited]")
        assert "  | reading the settings" in finding.output.splitlines()


class TestSoftware:
    """Packages and Git."""

    def test_locust_is_installed(self) -> None:
        """Its version is read without importing it."""
        assert software.locust().status == "ok"

    @pytest.mark.parametrize(
        ("found", "status"),
        [("2.46.2", "ok"), ("3.0", "ok"), ("2.46.10.dev3", "ok"), ("2.46.1", "fail"), ("2.9", "fail")],
    )
    def test_an_old_locust_fails(self, found: str, status: str) -> None:
        """Its percentiles could be deflated."""
        assert software.locust_version(found, "pip install").status == status

    def test_git_is_asked_about_depth_and_changes(self, tmp_path: Path) -> None:
        """A shallow clone with a changed file."""
        origin, clone = tmp_path / "origin", tmp_path / "clone"
        identity = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "init", "-q", origin], check=True)
        for number in "12":
            subprocess.run(["git", "-C", origin, *identity, "commit", "-q", "--allow-empty", "-m", number], check=True)
        subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{origin}", clone], check=True)
        (clone / "new").write_text("x")
        assert {f.what: f.status for f in software.git(origin)} == {
            "git": "ok",
            "git history": "ok",
            "git status": "ok",
        }
        assert {f.what: f.status for f in software.git(clone)} == {
            "git": "ok",
            "git history": "warn",
            "git status": "warn",
        }

    def test_outside_a_repository_is_warned_of(self, tmp_path: Path) -> None:
        """And so is a repository without a commit."""
        assert [finding.status for finding in software.git(tmp_path)] == ["warn"]
        subprocess.run(["git", "init", "-q", tmp_path], check=True)
        assert [finding.detail for finding in software.git(tmp_path)] == ["the repository has no commit"]
