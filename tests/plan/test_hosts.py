"""Only hosts that are named are reached; what cannot be told is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.errors import HostNotAllowedError
from perfgate.plan.hosts import check_entry, check_host, host_of, is_allowed


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://127.0.0.1:8000/health", "127.0.0.1"),
        ("https://Shop.Example.com", "shop.example.com"),
        ("http://shop.example.com./", "shop.example.com"),
        ("http://[::1]:80/", "::1"),
        ("http://user:secret@shop/?q=a b", "shop"),
        ("HTTP://shop#fragment", "shop"),
    ],
)
def test_the_host_of_a_url(url: str, host: str) -> None:
    """In lower case, without port, brackets, credentials or final dot."""
    assert host_of(url) == host


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/path",
        "shop:80",
        "http:shop",
        "http:///shop",
        "http://",
        "http://:80",
        "http://[::1",
        "http://[::1]evil.com",
        "http://[shop]",
        r"http://evil.com\@127.0.0.1/",
        "http://evil.com @127.0.0.1/",
        "http://a@b@127.0.0.1/",
        "http://evil.com\n.127.0.0.1/",
        "http://127.0.0.1\t/",
        "http://127.0.0.1%2eevil.com/",
        "http://ⓛocalhost/",
        "http://-x/",
        "http://a..b/",
    ],
)
def test_a_url_that_two_parsers_could_read_differently_has_no_host(url: str) -> None:
    """What is not plainly a URL with a host is refused, since a client might see another host in it."""
    with pytest.raises(ValueError, match=r"is not an absolute URL|names no host"):
        host_of(url)


@pytest.mark.parametrize(
    ("host", "entry", "expected"),
    [
        ("shop", "shop", True),
        ("shop", "SHOP.", True),
        ("Shop.", "shop", True),
        ("LOCALHOST", "localhost", True),
        ("shop.evil.com", "shop", False),
        ("evilshop", "shop", False),
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.2", "10.0.0.1", False),
        ("a.example.com", "*.example.com", True),
        ("a.b.example.com", "*.example.com", True),
        ("example.com", "*.example.com", False),
        ("evilexample.com", "*.example.com", False),
        ("127.0.0.1", "localhost", True),
        ("127.9.9.9", "localhost", True),
        ("::1", "localhost", True),
        ("::1", "127.0.0.1", True),
        ("127.9.9.9", "127.0.0.1", True),
        ("::ffff:127.0.0.1", "localhost", True),
        ("0:0:0:0:0:0:0:1", "::1", True),
        ("::1", "[::1]", True),
        ("127.0.0.1", "::1", False),
        ("127.0.0.1", "127.0.0.2", False),
        ("localhost", "127.0.0.1", False),
        ("localhost", "localhost", True),
        ("0.0.0.0", "localhost", False),
        ("2130706433", "localhost", False),
    ],
)
def test_an_entry_allows_exactly_itself_and_loopback_its_addresses(host: str, entry: str, expected: bool) -> None:
    """A name allows itself; `*.` what is below it; localhost and 127.0.0.1 every loopback address, but no name."""
    assert is_allowed(host, [entry]) is expected


def test_nothing_is_allowed_by_an_empty_list() -> None:
    """No entry, no host."""
    assert not is_allowed("localhost", [])


@given(st.from_regex(r"[a-z0-9-]{1,12}(\.[a-z0-9-]{1,8}){0,3}", fullmatch=True))
def test_only_loopback_is_allowed_by_the_default(host: str) -> None:
    """Whatever the name, the default of `allowed_hosts` lets only this machine be reached."""
    expected = host == "localhost" or host.startswith("127.")
    assert is_allowed(host, ("127.0.0.1", "localhost", "::1")) <= expected


def test_a_refused_host_is_named_with_place_and_next_step() -> None:
    """The error says which host, where it stands, and how it could be allowed."""
    with pytest.raises(HostNotAllowedError) as raised:
        check_host("http://shop.example.com/x", ["localhost"], place="budgets.toml:3")
    assert str(raised.value) == (
        "budgets.toml:3: host 'shop.example.com' is not in allowed_hosts (localhost) "
        '(if it may be put under load, add "shop.example.com" to allowed_hosts in the [gate] table)'
    )


def test_an_allowed_host_passes() -> None:
    """Nothing is raised."""
    check_host("http://127.0.0.1:1/", ["localhost"])


def test_a_url_without_a_host_is_refused() -> None:
    """What cannot be checked is not let through."""
    with pytest.raises(HostNotAllowedError, match="is not an absolute URL"):
        check_host("/path", ["localhost"])


@pytest.mark.parametrize("entry", ["shop", "10.0.0.1", "::1", "[::1]", "*.example.com", "Shop.example.com."])
def test_entries_that_can_match(entry: str) -> None:
    """Names, addresses, and `*.` with a name."""
    check_entry(entry)


@pytest.mark.parametrize("entry", ["", "*", "*.", "http://shop", "shop:80", "shop/path", "a*b", "*.*.com", " shop"])
def test_entries_that_never_match_or_match_everything_are_refused(entry: str) -> None:
    """A mistake in `allowed_hosts` is found before it opens or closes too much."""
    with pytest.raises(ValueError, match="an entry"):
        check_entry(entry)
