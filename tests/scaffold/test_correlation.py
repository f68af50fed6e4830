"""Values of a recording that come from an earlier answer are read from that answer again, and no others are."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from perfgate.scaffold.correlation import Correlation, Source, is_specific, sources_of
from perfgate.scaffold.exchange import Exchange, exchange_of
from perfgate.scaffold.extraction import FUNCTIONS
from perfgate.scaffold.har import sketch_of
from perfgate.scaffold.places import places_of
from perfgate.scaffold.scenario_file import scenario_source
from perfgate.scaffold.sketch import Call, Extracted, FromEnv, Sketch
from tests.scaffold.test_hostile import assert_only_data, hostile

TOKEN = "q7Zk2-Vw9xLmT4bR"
BASE = "http://a.example"


def exchange(
    url: str,
    method: str = "GET",
    *,
    answer: Any = None,
    page: str | None = None,
    sent: Any = None,
    form: dict[str, str] | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
    answered: dict[str, str] | None = None,
) -> dict[str, Any]:
    """An entry of a HAR file."""
    post: dict[str, Any] = {}
    if sent is not None:
        post = {"postData": {"mimeType": "application/json", "text": json.dumps(sent)}}
    if form is not None:
        post = {"postData": {"mimeType": "application/x-www-form-urlencoded", "text": urlencode(form)}}
    kind, text = ("text/html", page) if page is not None else ("application/json", json.dumps(answer))
    return {
        "request": {"method": method, "url": BASE + url, "headers": fields(headers), **post},
        "response": {"status": status, "headers": fields(answered), "content": {"mimeType": kind, "text": text}},
    }


def fields(headers: dict[str, str] | None) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in (headers or {}).items()]


def sketched(*entries: dict[str, Any]) -> Sketch:
    return sketch_of({"log": {"entries": list(entries)}}, "test.har", "shop")


def read(entry: dict[str, Any]) -> Exchange:
    found = exchange_of(entry)
    assert found is not None
    return found


def last(*entries: dict[str, Any]) -> Call:
    return sketched(*entries).calls[-1]


class TestPlaces:
    """Where a value may be sent, and where it may come from."""

    @pytest.mark.parametrize(
        "first",
        [
            exchange("/a", answer={"data": [{"x": 1}, {"token": TOKEN}]}),
            exchange("/a", page=f"<form><input type=hidden name='token' value='{TOKEN}'></form>"),
            exchange("/a", page=f'<head><META content="{TOKEN}" name="csrf-token"></head>'),
            exchange("/a", "POST", status=303, answered={"location": f"/things/{TOKEN}"}),
            exchange("/a", "POST", status=302, answered={"Location": f"{BASE}/next?state={TOKEN}&x=1"}),
            exchange("/a", answer={}, answered={"X-Auth-Token": TOKEN}),
            exchange("/a", answer={}, answered={"Set-Cookie": f"XSRF-TOKEN={TOKEN}; Path=/"}),
        ],
        ids=["json", "field", "meta", "location", "location-query", "header", "cookie"],
    )
    @pytest.mark.parametrize(
        "second",
        [
            exchange(f"/things/{TOKEN}/more"),
            exchange(f"/things?after={TOKEN}&n=1"),
            exchange("/b", headers={"Authorization": f"Bearer {TOKEN}"}),
            exchange("/b", headers={"X-CSRF-Token": TOKEN}),
            exchange("/b", "POST", form={"text": "hello", "token": TOKEN}),
            exchange("/b", "POST", sent={"outer": [{"ref": TOKEN}]}),
            exchange("/b", "POST", sent={"query": f'{{ thing(id: "{TOKEN}") {{ name }} }}'}),
        ],
        ids=["path", "query", "bearer", "header", "form", "json", "inside-text"],
    )
    def test_each_source_is_found_in_each_place(self, first: dict[str, Any], second: dict[str, Any]) -> None:
        """The answer has to give it, the later request sends it, and the recorded one is nowhere."""
        sketch = sketched(first, second)
        assert len(sketch.calls[0].gives) == 1
        assert sketch.calls[0].gives == sketch.calls[1].needs
        source = scenario_source(sketch, "shop", "test.har")
        assert TOKEN not in source
        assert_only_data(source)

    def test_a_small_number_counts_where_both_speak_of_the_same(self) -> None:
        """By the path and the key, whether it is sent as a number or as a text."""
        made = exchange("/api/items", "POST", answer={"id": 7, "size": 3}, sent={"size": 3})
        assert last(made, exchange("/api/items/7")).needs == {"item_id"}
        assert last(made, exchange("/cart?item_id=7")).needs == {"item_id"}
        assert last(made, exchange("/cart", "POST", sent={"itemId": 7})).json == {"itemId": Extracted("item_id")}
        assert last(made, exchange("/cart", "POST", sent={"itemId": "7"})).json == {
            "itemId": Extracted("item_id", "str")
        }

    @pytest.mark.parametrize("path", ["/users/7", "/items?page=7", "/v1/7", "/items/3", "/7", "/items/items"])
    def test_a_small_number_elsewhere_is_another(self, path: str) -> None:
        """A page number is no id, and a user's id is no item's."""
        made = exchange("/items", "POST", answer={"id": 7, "size": 3, "name": "items"}, sent={})
        assert last(made, exchange(path)).needs == set()

    @pytest.mark.parametrize(
        "value", ["true", "en", "1", "2024-01-31", "2024-01-31T12:00:00Z", "accepted", "blue shoes"]
    )
    def test_words_and_dates_are_no_values(self, value: str) -> None:
        """However often they turn up."""
        first = exchange("/a", answer={"lang": value, "x": value})
        found = last(
            first, exchange(f"/b?q={quote(value)}"), exchange("/b", "POST", sent={"lang": value, "y": [value]})
        )
        assert found.needs == set()

    def test_what_the_client_made_is_its_own(self) -> None:
        """An answer that only repeats what it was sent gives nothing."""
        made = exchange("/items", "POST", sent={"key": TOKEN}, answer={"key": TOKEN})
        assert last(made, exchange(f"/items/{TOKEN}")).needs == set()

    def test_later_answers_give_nothing(self) -> None:
        """Nor does one that came after the request had been sent."""
        assert not any(
            call.needs for call in sketched(exchange(f"/x/{TOKEN}"), exchange("/a", answer={"k": TOKEN})).calls
        )
        slow = exchange("/a", answer={"k": TOKEN}) | {"startedDateTime": "2024-05-06T10:00:00Z", "time": 3000}
        early = exchange(f"/x/{TOKEN}") | {"startedDateTime": "2024-05-06T10:00:01Z", "time": 5}
        assert last(slow, early).needs == set()

    def test_of_another_origin_give_nothing(self) -> None:
        """They are not asked, so nothing can be read from them."""
        other = exchange("/a", answer={"access_token": TOKEN})
        other["request"]["url"] = "http://b.example/a"
        found = sketched(exchange("/", page="<p>"), other, exchange("/x", headers={"Authorization": f"Bearer {TOKEN}"}))
        assert found.headers == {"Authorization": FromEnv("SHOP_AUTHORIZATION")}

    def test_an_encoded_cookie_is_sent_decoded(self) -> None:
        """As scripts do that read a cookie and send it as a header."""
        first = exchange("/a", page="<p>", answered={"Set-Cookie": f"XSRF-TOKEN={TOKEN}%3D%3D; Path=/"})
        found = last(first, exchange("/b", "PUT", sent={}, headers={"X-XSRF-TOKEN": f"{TOKEN}=="}))
        assert found.headers["X-Xsrf-Token"] == (Extracted("xsrf_token", "unquote"),)

    def test_values_in_urls_are_encoded_again(self) -> None:
        """The next one may hold what the URL uses for itself."""
        first = exchange("/a", answer={"cursor": "aZ+/=19bcdefghijk"})
        found = last(first, exchange("/b?after=aZ%2B%2F%3D19bcdefghijk"))
        assert found.paths == (("/b?after=", Extracted("cursor", "quote_plus")),)

    def test_values_from_nowhere_are_told(self) -> None:
        """They may be stale by now; a note names them, and where they are sent."""
        found = sketched(exchange("/items/1234"))
        assert found.notes == ("recorded values that come from nowhere that perfgate saw: 1234 in GET /items/{id}",)
        assert found.calls[0].notes == ("Recorded, and from nowhere that perfgate saw: 1234.",)


class TestDependents:
    """What needs an answer is driven with what gives it, or not at all."""

    def test_are_set_aside_with_it(self) -> None:
        """Without --writes a thing that is not made cannot be asked for."""
        found = sketched(
            exchange("/items", "POST", sent={}, answer={"id": 7}), exchange("/items/7"), exchange("/items")
        )
        assert [call.active for call in found.calls] == [False, False, True]


KEYS = st.one_of(hostile, st.sampled_from(["id", "data", "access_token", "items"]))
ANSWERS = st.recursive(
    st.just(TOKEN),
    lambda inner: st.one_of(
        st.dictionaries(KEYS, st.one_of(inner, st.integers(0, 99), hostile), min_size=1, max_size=3),
        st.lists(st.one_of(inner, st.integers(0, 99)), min_size=1, max_size=3),
    ),
    max_leaves=6,
)


@given(ANSWERS)
def test_extracting_from_an_answer_gives_the_value_back(answer: Any) -> None:
    """Whatever the answer is made of; what is written is the function that was tried, with its arguments."""
    found = list(sources_of(read(exchange("/a", answer=answer)), 0))
    for source in found:
        assert str(value_of(read(exchange("/a", answer=answer)), source)) == str(source.value)


@given(ANSWERS, st.integers(0, 3))
def test_what_an_answer_gave_is_never_written(answer: Any, place: int) -> None:
    """A token is read from the answer again, wherever it was sent."""
    first = exchange("/a", answer=answer)
    assume(any(source.value == TOKEN for source in sources_of(read(first), 0)))
    seconds = [
        exchange(f"/things/{TOKEN}"),
        exchange(f"/b?q={TOKEN}"),
        exchange("/b", headers={"Authorization": f"Bearer {TOKEN}"}),
        exchange("/b", "POST", sent={"a": TOKEN}),
    ]
    sketch = sketched(first, seconds[place])
    source = scenario_source(sketch, "shop", "test.har")
    assert len(sketch.calls[-1].needs) == 1
    assert TOKEN not in source
    assert_only_data(source)


@given(st.text(max_size=30))
def test_any_page_is_read(text: str) -> None:
    """Half-written tags included."""
    page = f"<input name=a value='{text}'><meta name={text} content=<input{text}"
    for source in sources_of(read(exchange("/a", page=page)), 0):
        assert str(value_of(read(exchange("/a", page=page)), source)) == str(source.value)


@given(st.sampled_from(["true", "false", "null", "en", "de", "active", "pending", "username", "New York"]))
def test_common_words_are_never_specific(word: str) -> None:
    """Neither as they are, nor in capitals, nor twice."""
    for form in (word, word.upper(), word.title()):
        assert not is_specific(form)


@given(st.integers(0, 9999), st.lists(st.integers(0, 9999), max_size=5))
def test_numbers_of_nothing_are_never_taken(number: int, others: list[int]) -> None:
    """Counts, prices and pages that happen to be equal."""
    first = read(exchange("/stats", answer={"total": number, "all": others}))
    second = read(exchange(f"/list?page={number}", "POST", sent={"price": number, "size": others}))
    correlation = Correlation([first, second])
    assert [correlation.source(1, place, value) for place, value in places_of(second)].count(None) == len(
        list(places_of(second))
    )


def value_of(answered: Exchange, source: Source) -> Any:
    if source.function == "cookie_value":
        return source.value
    return FUNCTIONS[source.function](answered.answer, *source.arguments)
