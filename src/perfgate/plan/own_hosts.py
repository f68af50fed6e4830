"""Which host each User class is driven at: the service's `url`, or the `host` that the scenario gives the class.

`url` takes the place of a host as Locust's `--host` does, with one difference: a scenario of several services is never
driven at one of them. Unless the budgets say otherwise (`own_hosts`):

- a class without a host is driven at `url`;
- a class keeps a host that is at the service anyway, or that `url` could not stand for: another scheme, or none;
- where some class is driven at the service, the others keep hosts of their own: these are other services;
- where none is, and all their hosts are one, that was only written to have one, and `url` takes its place;
- where none is, and there are several, nobody can say which of them `url` is to stand for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from perfgate.errors import ScenarioError
from perfgate.plan.findings import HOST_SLUG
from perfgate.plan.hosts import host_of, is_allowed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PORTS = {"http": 80, "https": 443}
_CREDENTIALS = re.compile(r"//[^/@\s]*@")


@dataclass(frozen=True)
class ClassHost:
    """One User class that has a host of its own, which is not the service's.

    Attributes:
        own: what the scenario says.
        driven: where it was driven: `own` again, or the service's `url`.
    """

    user_class: str
    own: str
    driven: str

    @property
    def kept(self) -> bool:
        """It was driven where the scenario says."""
        return self.own == self.driven


def settle(
    own: Mapping[str, str | None], urls: Sequence[str], *, own_hosts: bool | None, allowed: Sequence[str]
) -> list[ClassHost]:
    """Decide for every class that has a host which is not at the service; all others are driven as they are.

    Args:
        own: the host of each class, None where it has none; classes that need none and have none are left out.
        urls: where the service is: this side of a comparison first, then the other.
        own_hosts: as written in the budgets.
        allowed: the entries of `allowed_hosts`.

    Returns:
        What was decided; a class that is not in it is driven at its own host where that is at the service, else at url.

    Raises:
        ScenarioError: none of the classes would be driven at the service (`host-undecided`), or one has a host that
            may not be reached.
    """
    here = {_origin(url) for url in urls}
    foreign = {name: host for name, host in own.items() if host and _origin(host) not in here}
    if not foreign:
        return []
    like = {name: host for name, host in foreign.items() if _kind(host) == _kind(urls[0])}
    at_service = len(foreign) < len(own)
    overruled = _overruled(like, own_hosts, at_service=at_service)
    if not at_service and not overruled and (len(urls) > 1 or (like and own_hosts is None)):
        raise _undecided(foreign, urls[0], compared=len(urls) > 1)
    found = [ClassHost(name, host, urls[0] if name in overruled else host) for name, host in foreign.items()]
    for each in found:
        if each.kept:
            _check_allowed(each, allowed)
    return found


def _overruled(like: Mapping[str, str], own_hosts: bool | None, *, at_service: bool) -> set[str]:
    if own_hosts is None:
        one = len({_origin(host) for host in like.values()}) == 1
        return set(like) if one and not at_service else set()
    return set() if own_hosts else set(like)


def without_credentials(host: str) -> str:
    """As it may be shown."""
    return _CREDENTIALS.sub("//***@", host)


def _undecided(foreign: Mapping[str, str], url: str, *, compared: bool) -> ScenarioError:
    listed = ", ".join(f"{name} at {without_credentials(host)}" for name, host in foreign.items())
    why = "so both sides would be driven at the same hosts" if compared else "so nothing would reach the service"
    return ScenarioError(
        f"every User class has a host of its own, and none is the service's ({listed}; the service is at {url}), {why}",
        hint="say which: take the host out of the classes that are to be driven at the service, choose others with "
        "user_classes, or write own_hosts = false (all are driven at url) or own_hosts = true (each at its own)",
        slug="host-undecided",
    )


def _kind(host: str) -> str:
    """Hosts of one kind can stand for each other."""
    scheme, separator, _ = host.partition("://")
    if not separator:
        return ""
    return "http" if scheme.lower() in _PORTS else scheme.lower()


def _origin(host: str) -> tuple[str, str, int | None]:
    """What tells two hosts apart: paths below one address are one service, and so are the names of this machine."""
    try:
        parts = urlsplit(host if "://" in host else f"//{host}")
        name, port = (parts.hostname or parts.path or "").removesuffix("."), parts.port
    except ValueError:  # no address: it is what it says
        return _kind(host), host, None
    here = "localhost" if name and is_allowed(name, ["127.0.0.1", "localhost"]) else name
    scheme = parts.scheme.lower()
    return scheme, here, port or _PORTS.get(scheme)


def _check_allowed(each: ClassHost, allowed: Sequence[str]) -> None:
    text = each.own if "://" in each.own else f"tcp://{each.own}"
    try:
        host = host_of(text)
    except ValueError:  # a socket file, or what only its client can read: what is connected to is watched all the same
        return
    if not is_allowed(host, allowed):
        raise ScenarioError(
            f"the User class {each.user_class} has the host {without_credentials(each.own)}, "
            f"which is not in allowed_hosts ({', '.join(allowed) or 'which is empty'})",
            hint=f'if it may be put under load, add "{host}" to allowed_hosts in the [gate] table; to drive the class '
            "at the service's url instead, write own_hosts = false",
            slug=HOST_SLUG,
        )
