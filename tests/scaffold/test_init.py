"""`perfgate init`: from a target to files."""

from __future__ import annotations

import json
import shutil
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from perfgate.errors import EngineError, HostNotAllowedError, ServiceError, StorageError, UsageError
from perfgate.plan.budgets_file import budgets_schema, read_plan
from perfgate.scaffold import InitOptions, InitReport, init
from tests.scaffold.test_proposal import measured, measurement, summary

if TYPE_CHECKING:
    from perfgate.measure.summary import EndpointSummary
    from perfgate.plan.plan import Service
    from perfgate.scaffold.spread import Measurement
    from tests.scaffold.shop import Shop

DATA = Path(__file__).parent / "data"


def written(report: InitReport) -> tuple[Service, str]:
    """The service as the plan has it, and the scenario's source."""
    budgets, scenario, _ = report.written
    return read_plan(budgets).services[report.service], scenario.read_text()


class TestUrl:
    """TARGET is a running service."""

    def test_with_a_document_gets_a_task_for_each_operation(self, shop: Shop, tmp_path: Path) -> None:
        """The document is found where frameworks put it; the service is named after it."""
        paths: dict[str, Any] = {"/items": {"get": {}, "post": {}}}
        shop.json("/openapi.json", {"openapi": "3.0.0", "info": {"title": "My Shop API"}, "paths": paths})
        shop.page("/")
        shop.json("/items", [])
        report = init(shop.url, InitOptions(tmp_path))
        service, source = written(report)
        assert (report.service, report.tasks, report.active) == ("my_shop_api", 2, 1)
        assert (shop.url, ("writes",), ("normal",)) == (service.url, service.exclude_tags, service.loads)
        assert 'self.client.get("/items")' in source
        assert {"GET"} == {method for method, _ in shop.seen}

    def test_finds_a_document_that_the_documentation_names(self, shop: Shop, tmp_path: Path) -> None:
        """Swagger UI and Redoc pages say where it is."""
        shop.page("/")
        shop.page("/docs", '<script>SwaggerUIBundle({"url": "/internal/openapi-v7.json"})</script>')
        shop.json("/internal/openapi-v7.json", {"openapi": "3.1.0", "paths": {"/deep": {"get": {}}}})
        shop.json("/deep", {})
        assert 'self.client.get("/deep")' in written(init(shop.url, InitOptions(tmp_path)))[1]

    def test_may_be_the_document_itself(self, shop: Shop, tmp_path: Path) -> None:
        """The service is then at the document's origin."""
        shop.json("/v3/api-docs", {"openapi": "3.0.0", "paths": {"/a": {"get": {}}}})
        shop.json("/a", {})
        service, source = written(init(f"{shop.url}/v3/api-docs", InitOptions(tmp_path)))
        assert shop.url == service.url
        assert 'self.client.get("/a")' in source

    def test_without_a_document_follows_links(self, shop: Shop, tmp_path: Path) -> None:
        """One level, same origin, no logout, dead links left out; paths of one shape are one endpoint."""
        links = ["/items/1", "/items/2", "about#team", "/logout", "/dead", "http://127.0.0.1:1/other", "mailto:a@b.c"]
        shop.page("/", "".join(f"<a href='{link}'>x</a>" for link in links))
        for path in ("/items/1", "/items/2", "/logout", "/deeper"):
            shop.page(path)
        shop.page("/about", "<a href='/deeper'>x</a>")
        source = written(init(shop.url, InitOptions(tmp_path)))[1]
        assert 'self.client.get("/")' in source
        assert 'self.client.get("/about")' in source
        assert (
            'paths = ["/items/1", "/items/2"]\n        self.client.get(random.choice(paths), name="/items/{id}")'
            in source
        )
        assert "/logout" not in [path for _, path in shop.seen]
        assert "/deeper" not in [path for _, path in shop.seen]

    def test_without_pages_follows_the_links_in_json(self, shop: Shop, tmp_path: Path) -> None:
        """Many services list their resources at the root."""
        shop.json("/", {"items": f"{shop.url}/items/", "self": "/", "docs": "https://docs.example.com/"})
        shop.json("/items/", [])
        assert 'self.client.get("/items/")' in written(init(shop.url, InitOptions(tmp_path)))[1]

    def test_takes_at_most_ten_endpoints(self, shop: Shop, tmp_path: Path) -> None:
        """A page that links to everything does not become a file that nobody reads."""
        words = [f"/page-{chr(97 + number)}" for number in range(20)]
        shop.page("/", "".join(f"<a href='{word}'>x</a>" for word in words))
        for word in words:
            shop.page(word)
        assert init(shop.url, InitOptions(tmp_path)).tasks == 10

    def test_is_not_asked_for_endpoints_past_the_tenth(self, shop: Shop, tmp_path: Path) -> None:
        """Some of them may take seconds to answer; another page of one that is taken is still looked at."""
        words = [*(f"/page-{chr(97 + number)}" for number in range(8)), "/items/1", "/delay", "/items/2"]
        shop.page("/", "".join(f"<a href='{word}'>x</a>" for word in words))
        for word in words:
            shop.page(word)
        source = written(init(shop.url, InitOptions(tmp_path)))[1]
        assert ("GET", "/delay") not in shop.seen
        assert 'paths = ["/items/1", "/items/2"]' in source

    def test_finds_how_the_service_says_that_it_is_ready(self, shop: Shop, tmp_path: Path) -> None:
        """The health check is not put under load: its quick answers would flatter the percentiles."""
        shop.page("/", "<a href='/healthz'>x</a>")
        shop.json("/healthz", {"ok": True})
        service, source = written(init(shop.url, InitOptions(tmp_path)))
        assert service.ready == "/healthz"
        assert "healthz" not in source

    def test_is_not_fooled_by_a_page_that_answers_every_path(self, shop: Shop, tmp_path: Path) -> None:
        """The single page of an application is no health check."""
        for path in ("/", "/health", "/ping", "/perfgate-asks-for-a-page-that-cannot-exist"):
            shop.page(path, "<div id='app'></div>")
        assert written(init(shop.url, InitOptions(tmp_path)))[0].ready is None

    def test_learns_ids_that_exist(self, shop: Shop, tmp_path: Path) -> None:
        """A list that the service gives tells what can be put into the path below it."""
        operations: dict[str, Any] = {
            path: {"get": {}} for path in ("/items", "/items/{item_id}", "/items/{item_id}/tax")
        }
        shop.json("/openapi.json", {"openapi": "3.0.0", "paths": operations})
        shop.page("/")
        shop.json("/items", {"items": [{"id": "a-1"}, {"id": "b 2"}]})
        for path in ("/items/a-1", "/items/a-1/tax"):
            shop.json(path, {})
        report = init(shop.url, InitOptions(tmp_path))
        source = written(report)[1]
        assert (report.tasks, report.active) == (3, 3)
        assert 'paths = ["/items/a-1", "/items/b%202"]' in source
        assert 'paths = ["/items/a-1/tax", "/items/b%202/tax"]' in source

    def test_sets_aside_what_the_service_refuses(self, shop: Shop, tmp_path: Path) -> None:
        """A made-up example that is not found would make the first run red."""
        shop.json("/openapi.json", {"openapi": "3.0.0", "paths": {"/a": {"get": {}}, "/users/{id}": {"get": {}}}})
        shop.page("/")
        shop.json("/a", {})
        report = init(shop.url, InitOptions(tmp_path))
        service, source = written(report)
        assert service.exclude_tags == ("unanswered",)
        assert "# The service answered 404 to GET /users/{id}." in source
        assert (report.tasks, report.active) == (2, 1)

    def test_that_wants_a_login_which_no_document_describes_is_told_of_once(self, shop: Shop, tmp_path: Path) -> None:
        """What to write is said, where "401" alone would leave the reader to guess."""
        shop.json("/openapi.json", {"openapi": "3.0.0", "paths": {"/a": {"get": {}}, "/b": {"get": {}}}})
        shop.page("/")
        shop.json("/a", {}, status=401)
        shop.json("/b", {}, status=401)
        told = [note for note in init(shop.url, InitOptions(tmp_path)).notes if "on_start" in note]
        assert len(told) == 1

    def test_is_asked_with_the_secrets_of_the_environment(self, shop: Shop, tmp_path: Path) -> None:
        """They are sent, and not written."""
        scheme = {"securitySchemes": {"b": {"type": "http", "scheme": "bearer"}}}
        paths: dict[str, Any] = {"/mine": {"get": {"security": [{"b": []}]}}}
        shop.json("/openapi.json", {"openapi": "3.0.0", "paths": paths, "components": scheme})
        shop.page("/")
        shop.json("/mine", {})
        environ = {"SHOP_AUTHORIZATION": "Bearer t0psecret"}
        report = init(shop.url, InitOptions(tmp_path, name="shop"), environ=environ)
        assert "Bearer t0psecret" in [headers.get("Authorization") for headers in shop.headers_seen]
        assert all("t0psecret" not in path.read_text() for path in report.written)

    def test_that_does_not_answer_still_gets_files(self, tmp_path: Path) -> None:
        """With the front page alone, and a note."""
        report = init("http://127.0.0.1:1", InitOptions(tmp_path))
        assert 'self.client.get("/")' in written(report)[1]
        assert any(note.startswith("nothing answers at http://127.0.0.1:1") for note in report.notes)

    def test_without_a_front_page_is_asked_for_its_health(self, shop: Shop, tmp_path: Path) -> None:
        """So that there is something to run, with a note that it is not much."""
        shop.json("/ping", {})
        report = init(shop.url, InitOptions(tmp_path))
        assert (report.tasks, report.active) == (1, 1)
        assert 'self.client.get("/ping")' in written(report)[1]
        assert "/ answers 404: write into the scenario what to ask" in report.notes

    def test_may_be_written_without_its_scheme(self, shop: Shop, tmp_path: Path) -> None:
        """`localhost:8000` is an address."""
        shop.page("/")
        assert (
            f"http://localhost:{shop.server_port}"
            == written(init(f"localhost:{shop.server_port}", InitOptions(tmp_path)))[0].url
        )


class TestHosts:
    """Only allowed hosts are asked."""

    def test_others_are_refused_before_a_byte_is_sent(self, tmp_path: Path) -> None:
        """The hint names the option that allows them."""
        with pytest.raises(HostNotAllowedError) as caught:
            init("http://shop.invalid/", InitOptions(tmp_path))
        assert "--allow-host shop.invalid" in caught.value.hint
        assert list(tmp_path.iterdir()) == []

    def test_that_the_user_allows_are_written_down(self, tmp_path: Path) -> None:
        """And read back by the plan."""
        options = InitOptions(tmp_path, allow_hosts=("shop.example.com",))
        service, _ = written(report := init(str(DATA / "shop.har"), options))
        assert "shop.example.com" in read_plan(report.written[0]).gate.allowed_hosts
        assert service.url == "https://shop.example.com"

    def test_that_the_user_allows_are_not_measured_unasked(self, tmp_path: Path) -> None:
        """Load on a machine that others use needs one more word."""

        def never(_: Path) -> Measurement:
            raise AssertionError("it was measured")

        options = InitOptions(tmp_path, allow_hosts=("shop.example.com",))
        report = init(str(DATA / "shop.har"), options, never)
        assert any("--yes" in note for note in report.notes)
        options = replace(options, yes=True, force=True, name="shop")
        assert init(str(DATA / "shop.har"), options, lambda _: measured()).measured

    @pytest.mark.parametrize("host", ["*", "http://x", "a b", ""])
    def test_that_could_not_be_compared_are_refused(self, host: str, tmp_path: Path) -> None:
        """An entry is a host name or an address."""
        with pytest.raises(UsageError):
            init("http://127.0.0.1:1", InitOptions(tmp_path, allow_hosts=(host,)))

    def test_of_servers_in_documents_are_not_asked(self, shop: Shop, elsewhere: Shop, tmp_path: Path) -> None:
        """Only the origin that the user named is; of the document's server the path is used."""
        document = {"openapi": "3.0.0", "servers": [{"url": f"{elsewhere.url}/v2"}], "paths": {"/a": {"get": {}}}}
        shop.json("/openapi.json", document)
        shop.page("/", f"<a href='{elsewhere.url}/x'>x</a>")
        shop.json("/v2/a", {})
        shop.redirects["/health"] = f"{elsewhere.url}/health"
        service, source = written(init(shop.url, InitOptions(tmp_path)))
        assert (shop.url, True) == (service.url, 'self.client.get("/v2/a")' in source)
        assert elsewhere.seen == []

    def test_of_documents_in_files_are_not_asked(self, elsewhere: Shop, tmp_path: Path) -> None:
        """A loopback server that a document names is written down, but neither looked at nor measured."""
        path = tmp_path / "api.json"
        path.write_text(
            f'{{"openapi": "3.0.0", "servers": [{{"url": "{elsewhere.url}"}}], "paths": {{"/a": {{"get": {{}}}}}}}}'
        )
        asked: list[Path] = []

        def measure(budgets: Path) -> Measurement:
            asked.append(budgets)
            return measured()

        service, _ = written(init(str(path), InitOptions(tmp_path), measure))
        assert (elsewhere.url, [], []) == (service.url, asked, elsewhere.seen)

    def test_with_a_password_in_the_url_are_refused(self, tmp_path: Path) -> None:
        """It would be written to a file."""
        with pytest.raises(UsageError) as caught:
            init("http://ada:secret@127.0.0.1:1/", InitOptions(tmp_path))
        assert "secret" not in str(caught.value)


class TestDocuments:
    """TARGET is a file."""

    @pytest.mark.parametrize(
        ("name", "service", "tasks"),
        [("petstore.json", "pet_store", 8), ("orders.yaml", "orders", 3), ("shop.har", "example_shop", 10)],
    )
    def test_give_files_that_the_plan_reads(self, name: str, service: str, tasks: int, tmp_path: Path) -> None:
        """Named after their title."""
        report = init(str(DATA / name), InitOptions(tmp_path))
        assert (service, tasks) == (report.service, report.tasks)
        assert written(report)[0].url == "http://127.0.0.1:8000"

    def test_are_found_without_being_named(self, tmp_path: Path) -> None:
        """An OpenAPI document in the folder is the target unless another is given."""
        shutil.copy(DATA / "petstore.json", tmp_path / "openapi.json")
        assert init(None, InitOptions(tmp_path)).service == "pet_store"

    def test_are_tried_at_the_url_that_the_user_gives(self, shop: Shop, tmp_path: Path) -> None:
        """`--url` says where the service of a document runs."""
        shop.page("/")
        shop.json("/health", {})
        shop.json("/api/orders", [])
        report = init(str(DATA / "orders.yaml"), InitOptions(tmp_path, url=shop.url))
        service, _ = written(report)
        assert (shop.url, "/health") == (service.url, service.ready)
        assert ("GET", "/api/orders?since=2024-01-31&state=open%2Cpaid") in shop.seen

    @pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"{}", b'{"a": 1}', b"<html></html>", b"[]"])
    def test_that_are_neither_are_refused(self, content: bytes, tmp_path: Path) -> None:
        """With their place."""
        path = tmp_path / "what.json"
        path.write_bytes(content)
        with pytest.raises(UsageError) as caught:
            init(str(path), InitOptions(tmp_path))
        assert str(path) == caught.value.place
        assert caught.value.hint

    @pytest.mark.parametrize("target", ["no/such/file.json", "", "ftp://127.0.0.1/", "http://", "http://[", "\x00"])
    def test_that_are_not_there_are_refused(self, target: str, tmp_path: Path) -> None:
        """And so is what is no URL."""
        with pytest.raises(UsageError):
            init(target, InitOptions(tmp_path))


class TestMeasurement:
    """Budgets are proposed from what was measured."""

    def test_sets_the_limits(self, shop: Shop, tmp_path: Path) -> None:
        """The files are whole before it begins, and the limits are put in after it."""
        shop.page("/")
        seen: list[str] = []

        def measure(budgets: Path) -> Measurement:
            seen.append(read_plan(budgets).services["shop"].scenario.read_text())
            return measured()

        report = init(shop.url, InitOptions(tmp_path, name="shop"), measure)
        service, source = written(report)
        assert ([source], True) == (seen, report.measured)
        assert service.budget.every.limits["p95"].fail == 150.0
        assert service.budget.every.limits["error_rate"].fail == 0.01
        assert "31.2 ms" in report.written[0].read_text()

    def test_makes_the_load_longer_for_an_endpoint_that_is_asked_seldom(self, shop: Shop, tmp_path: Path) -> None:
        """What is written is long enough for its limits, and no longer."""
        shop.page("/")
        rare = summary("GET /", 9.0, 9.0).model_copy(update={"throughput_per_s": 3.5})

        def written_after(endpoint: EndpointSummary) -> object:
            options = InitOptions(tmp_path, name="shop", force=True)
            report = init(shop.url, options, lambda _: measurement(summary(None, 9.0, 9.0), endpoint))
            return tomllib.loads(report.written[0].read_text())["loads"]["normal"]["duration"]

        assert written_after(summary("GET /", 9.0, 9.0)) == "30s"
        assert written_after(rare) == "50s"

    def test_sets_aside_what_never_answered_in_a_recorded_session(self, shop: Shop, tmp_path: Path) -> None:
        """As for documents: it would make the first run red. What is left is measured once more."""
        shop.page("/")
        request = {"method": "GET", "url": f"{shop.url}/"}
        gone = {"method": "GET", "url": f"{shop.url}/gone"}
        answer = {"status": 200, "content": {"mimeType": "text/html"}}
        entries = [{"request": one, "response": answer} for one in (request, gone)]
        (tmp_path / "x.har").write_text(json.dumps({"log": {"entries": entries}}))
        active: list[int] = []

        def measure(budgets: Path) -> Measurement:
            source = next(iter(read_plan(budgets).services.values())).scenario.read_text()
            active.append(source.count("@task\n") - source.count("@tag("))
            dead = [summary("GET /gone", None, None, 50, 50)] if len(active) == 1 else []
            return measurement(summary(None, 9.0, 9.0), summary("GET /", 9.0, 9.0), *dead)

        report = init(str(tmp_path / "x.har"), InitOptions(tmp_path, name="shop"), measure)
        assert written(report)[0].exclude_tags == ("unanswered",)
        assert active[0] - active[1] == 1
        assert (report.tasks, report.active, report.measured) == (2, 1, True)
        assert any("GET /gone is not driven yet" in note and "HTTP 404" in note for note in report.notes)

    def test_can_be_left_out(self, shop: Shop, tmp_path: Path) -> None:
        """Then the limits are generous, and say so."""
        shop.page("/")

        def never(_: Path) -> Measurement:
            raise AssertionError("it was measured")

        report = init(shop.url, InitOptions(tmp_path, measure=False), never)
        assert not report.measured
        assert "# proposed without a measurement: run `perfgate run` and tighten" in report.written[0].read_text()

    def test_that_fails_leaves_generous_limits_and_a_note(self, shop: Shop, tmp_path: Path) -> None:
        """The files are of use all the same."""
        shop.page("/")

        def measure(_: Path) -> Measurement:
            raise EngineError("the engine broke")

        report = init(shop.url, InitOptions(tmp_path), measure)
        assert "the measurement could not be made: the engine broke" in report.notes
        assert written(report)[0].budget.every.limits["p95"].fail == 2000.0

    def test_is_not_made_of_writes(self, shop: Shop, tmp_path: Path) -> None:
        """A service that only writes is not put under load unasked."""
        shop.json("/openapi.json", {"openapi": "3.0.0", "paths": {"/a": {"post": {}}}})
        shop.page("/")
        report = init(shop.url, InitOptions(tmp_path), lambda _: measured())
        assert (report.active, report.measured) == (0, False)


class TestWrites:
    """The service's data may be thrown away, and the user says so."""

    def test_are_driven_and_measured(self, shop: Shop, tmp_path: Path) -> None:
        """All but those that delete; the note says which data they change."""
        operations: dict[str, Any] = {"get": {}, "post": {}, "delete": {}}
        shop.json("/openapi.json", {"openapi": "3.0.0", "paths": {"/items": operations}})
        shop.page("/")
        shop.json("/items", [])
        report = init(shop.url, InitOptions(tmp_path, name="shop", writes=True), lambda _: measured())
        service, source = written(report)
        assert (report.tasks, report.active, report.measured) == (3, 2, True)
        assert service.exclude_tags == ("writes",)
        assert source.count('@tag("writes")') == 1
        assert "1 task that changes data is driven: use a service whose data may be thrown away" in report.notes

    def test_are_not_sent_while_the_service_is_only_looked_at(self, shop: Shop, tmp_path: Path) -> None:
        """They are part of the load, and of nothing before it."""
        shop.json("/openapi.json", {"openapi": "3.0.0", "paths": {"/items": {"post": {}}}})
        shop.page("/")
        init(shop.url, InitOptions(tmp_path, writes=True))
        assert {"GET"} == {method for method, _ in shop.seen}


class TestFiles:
    """What is written, and what is not."""

    @pytest.mark.parametrize("existing", ["budgets.toml", "scenarios/shop.py", "budgets.schema.json"])
    def test_that_exist_are_kept(self, existing: str, tmp_path: Path) -> None:
        """Nothing at all is written then."""
        path = tmp_path / existing
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
        with pytest.raises(UsageError) as caught:
            init("http://127.0.0.1:1", InitOptions(tmp_path, name="shop"))
        assert ("exists", str(path), "mine") == (caught.value.slug, caught.value.place, path.read_text())
        assert [path] == [found for found in tmp_path.rglob("*") if found.is_file()]

    def test_name_the_schema_for_editors_that_lies_beside_them(self, shop: Shop, tmp_path: Path) -> None:
        """In the first line, where Taplo looks; what `perfgate schema budgets` prints may be there already."""
        shop.page("/")
        for number in range(2):
            budgets, scenario, schema = init(shop.url, InitOptions(tmp_path, name="shop")).written
            assert budgets.read_text().splitlines()[0] == f"#:schema ./{schema.relative_to(tmp_path)}"
            assert json.loads(schema.read_text()) == budgets_schema()
            jsonschema.validate(tomllib.loads(budgets.read_text()), budgets_schema())
            for path in (budgets, scenario) if number == 0 else ():
                path.unlink()

    def test_are_overwritten_with_force(self, tmp_path: Path) -> None:
        """When the user says so."""
        (tmp_path / "budgets.toml").write_text("mine")
        report = init("http://127.0.0.1:1", InitOptions(tmp_path, force=True))
        assert report.service in read_plan(report.written[0]).services

    def test_that_cannot_be_written_are_a_clear_error(self, tmp_path: Path) -> None:
        """The place is where a folder should be."""
        (tmp_path / "scenarios").write_text("a file")
        with pytest.raises(StorageError) as caught:
            init("http://127.0.0.1:1", InitOptions(tmp_path, name="shop"))
        assert caught.value.hint

    @pytest.mark.parametrize("name", ["", "a/b", "..", "-x", "a b", "é", "x" * 65])
    def test_are_not_named_by_what_is_no_name(self, name: str, tmp_path: Path) -> None:
        """It becomes a folder's name and a key."""
        with pytest.raises(UsageError):
            init("http://127.0.0.1:1", InitOptions(tmp_path, name=name))

    @pytest.mark.parametrize("name", ["shop.v2", "2fa", "random", "class", "_x", "A-b"])
    def test_may_have_any_name_that_a_service_may_have(self, name: str, tmp_path: Path) -> None:
        """The scenario's file name stays importable, and never that of a module."""
        report = init("http://127.0.0.1:1", InitOptions(tmp_path, name=name))
        assert name in read_plan(report.written[0]).services
        stem = report.written[1].stem
        assert stem.isidentifier()
        assert stem not in sys.stdlib_module_names

    def test_that_could_not_be_read_back_are_not_written(self, tmp_path: Path) -> None:
        """`--ready` may not lead to another host."""
        with pytest.raises(UsageError):
            init("http://127.0.0.1:1", InitOptions(tmp_path, ready="http://shop.example.com/ready"))
        assert list(tmp_path.iterdir()) == []

    def test_name_the_next_command(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It needs no option in the folder itself."""
        report = init("http://127.0.0.1:1", InitOptions(tmp_path / "my app"))
        assert f"perfgate run --budgets '{tmp_path / 'my app' / 'budgets.toml'}'" == report.next_command
        monkeypatch.chdir(tmp_path)
        assert init("http://127.0.0.1:1", InitOptions(Path())).next_command == "perfgate run"

    def test_name_what_is_to_be_done_before_it(self, shop: Shop, tmp_path: Path) -> None:
        """A run in which no task is driven, or no user can sign in, would only say so."""
        shop.json("/openapi.json", {"openapi": "3.0.0", "paths": {"/items": {"post": {}}}})
        report = init(shop.url, InitOptions(tmp_path, name="shop"))
        assert report.active == 0
        assert report.next_command.startswith(f"make a task of {report.written[1]} work and take its tag off, then: ")
        secured = {
            "openapi": "3.0.0",
            "paths": {"/items": {"get": {}}},
            "security": [{"key": []}],
            "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}},
        }
        path = tmp_path / "openapi.json"
        path.write_text(json.dumps(secured))
        told = init(str(path), InitOptions(tmp_path / "a", name="shop"), environ={}).next_command
        assert told.startswith("set SHOP_")
        assert " in the environment, then: perfgate run" in told
        name = told.split()[1]
        again = init(str(path), InitOptions(tmp_path / "b", name="shop"), environ={name: "x"})
        assert again.next_command.startswith("perfgate run")

    def test_teach(self, tmp_path: Path) -> None:
        """Every load that is shown as a comment is right when its marks are removed."""
        report = init("http://127.0.0.1:1", InitOptions(tmp_path))
        lines = report.written[0].read_text().split("More loads")[1].split("[services")[0].splitlines()[1:]
        loads = tomllib.loads("\n".join(line.removeprefix("# ") for line in lines))
        text = report.written[0].read_text()
        for name in loads["loads"]:
            text = text.replace(f"# [loads.{name}]", f"[loads.{name}]")
        taught = "\n".join(line.removeprefix("# ") if line in lines else line for line in text.splitlines())
        report.written[0].write_text(
            taught.replace('loads = ["normal"]', 'loads = ["normal", "peak", "stress", "spike"]')
        )
        assert list(read_plan(report.written[0]).loads) == ["normal", "peak", "stress", "spike"]


class TestCommand:
    """perfgate is told how the service is started."""

    SERVER = (
        "import http.server, json, sys\n"
        "class Handler(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        spec = {'openapi': '3.0.0', 'info': {'title': 'Own'}, 'paths': {'/a': {'get': {}}}}\n"
        "        known = self.path in ('/', '/health', '/a', '/openapi.json')\n"
        "        self.send_response(200 if known else 404)\n"
        "        self.send_header('Content-Type', 'application/json')\n"
        "        self.end_headers()\n"
        "        self.wfile.write(json.dumps(spec if self.path == '/openapi.json' else {}).encode())\n"
        "http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()\n"
    )

    def test_starts_it_looks_at_it_and_stops_it(self, tmp_path: Path) -> None:
        """A free port is chosen for the look, and stays `{port}` in the file."""
        (tmp_path / "server.py").write_text(self.SERVER)
        command = f"{sys.executable} server.py {{port}}"
        report = init(None, InitOptions(tmp_path, command=command))
        text = report.written[0].read_text()
        table = tomllib.loads(text)["services"]["own"]
        assert (command, "http://127.0.0.1:{port}", "/health") == (table["command"], table["url"], table["ready"])
        assert (report.tasks, report.active) == (1, 1)
        assert '# memory = "500MB"' in text

    def test_that_fails_is_an_error(self, tmp_path: Path) -> None:
        """There is nothing to look at, and nothing is written."""
        with pytest.raises(ServiceError):
            init(None, InitOptions(tmp_path, command=f"{sys.executable} -c 'raise SystemExit(3)' {{port}}"))
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("command", ["", "  ", "python 'app.py"])
    def test_that_is_none_is_refused(self, command: str, tmp_path: Path) -> None:
        """Empty, or with an open quotation mark."""
        with pytest.raises(UsageError):
            init(None, InitOptions(tmp_path, command=command))
