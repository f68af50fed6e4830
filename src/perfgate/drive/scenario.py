"""Loads a scenario: an ordinary Locust file, used as it is."""

from __future__ import annotations

import ast
import json
import traceback
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import locust
from locust.argument_parser import parse_options
from locust.env import Environment
from locust.util.load_locustfile import load_locustfile, load_locustfile_pytest

from perfgate.drive.order import Order  # noqa: TC001
from perfgate.drive.spawning import set_load_options
from perfgate.errors import ScenarioError
from perfgate.reading import LARGEST_SOURCE, read_text

if TYPE_CHECKING:
    from argparse import Namespace


@dataclass(frozen=True)
class Scenario:
    """A loaded locustfile.

    Attributes:
        user_classes: the classes to drive.
        shape: the scenario's own LoadTestShape, when the load asks for it.
        bases: classes that are not driven, since they have no tasks and others inherit from them.
    """

    user_classes: list[Any]
    shape: Any
    bases: tuple[Any, ...] = ()


def load_scenario(order: Order) -> Scenario:
    """Import the locustfile and choose its classes.

    Raises:
        ScenarioError: it has a syntax error, fails on import, has no User (or not the ones asked for), or no shape
            where the load says `shape = "scenario"`.
    """
    users, shapes = _import(order.scenario)
    if not users:
        raise ScenarioError(
            "the scenario defines no User class",
            place=order.scenario,
            hint="define a class that inherits from locust's HttpUser, FastHttpUser or User, without abstract = True",
            slug="scenario-without-user",
        )
    if order.profile is None and not shapes:
        raise ScenarioError(
            'the load says shape = "scenario", but the scenario defines no LoadTestShape',
            place=order.scenario,
            hint="define one, or give the load users or rate",
            slug="scenario-without-shape",
        )
    chosen, bases = _without_bases(_choose(users, order), order)
    _check_tasks(chosen, order)
    shape = shapes[0] if order.profile is None else None
    return Scenario(chosen, shape, tuple(bases))


def _import(path: str) -> tuple[dict[str, Any], list[Any]]:
    try:
        ast.parse(read_text(path, LARGEST_SOURCE), path)
        users, shapes = load_locustfile(path)
        if not users:
            users = _pytest_users(path)
    except SyntaxError as error:
        raise ScenarioError(
            f"syntax error: {error.msg}", place=f"{path}:{error.lineno}", slug="scenario-syntax"
        ) from error
    except (Exception, SystemExit) as error:  # whatever a user's module raises on import is the user's to read
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
        line = f":{frames[-1].lineno}" if frames else ""
        raise ScenarioError(
            f"the scenario cannot be imported: {type(error).__name__}: {error}",
            place=f"{path}{line}",
            slug="scenario-import",
        ) from error
    return users, shapes


def _pytest_users(path: str) -> dict[str, Any]:
    """Test functions as users, which Locust makes of a file that defines no User; none where pytest is missing."""
    if find_spec("pytest") is None:
        return {}
    found: dict[str, Any] = load_locustfile_pytest(path)
    return found


def _choose(users: dict[str, Any], order: Order) -> list[Any]:
    if not order.user_classes:
        return list(users.values())
    missing = [name for name in order.user_classes if name not in users]
    if missing:
        near = get_close_matches(missing[0], users, n=1)
        raise ScenarioError(
            f"the scenario has no User class {missing[0]!r}",
            place=order.scenario,
            hint=f"did you mean {near[0]!r}?" if near else f"it has {', '.join(sorted(users))}",
            slug="scenario-user-class",
        )
    return [users[name] for name in order.user_classes]


def _without_bases(chosen: list[Any], order: Order) -> tuple[list[Any], list[Any]]:
    """Without classes that others inherit from and that have nothing to do themselves: `abstract` was forgotten.

    Locust would make users of them, each of which raises that it has no tasks, again and again.
    """
    if order.user_classes:
        return chosen, []
    bases = [cls for cls in chosen if not _has_tasks(cls) and any(cls in other.__mro__[1:] for other in chosen)]
    return [cls for cls in chosen if cls not in bases], bases


def _has_tasks(user_class: Any) -> bool:
    return bool(user_class.tasks or getattr(user_class, "functions", None))


def _check_tasks(user_classes: list[Any], order: Order) -> None:
    """Refuse a class that has no tasks."""
    for user_class in user_classes:
        if not _has_tasks(user_class):
            raise ScenarioError(
                f"the User class {user_class.__name__} has no tasks",
                place=order.scenario,
                hint="decorate a method with @task, or set tasks",
                slug="scenario-without-tasks",
            )


def _check_chosen(user_classes: list[Any], order: Order) -> None:
    """Refuse a class of which the tags of `budgets.toml` leave nothing over."""
    for user_class in user_classes:
        if not _has_tasks(user_class):
            keys = {"tags": order.tags, "exclude_tags": order.exclude_tags}
            said = " and ".join(f"{key} = {json.dumps(tags, ensure_ascii=False)}" for key, tags in keys.items() if tags)
            raise ScenarioError(
                f"no task of the User class {user_class.__name__} is driven: {said} of the service leaves none",
                place=order.scenario,
                hint="take tags out of exclude_tags in budgets.toml or off tasks here, once these can be driven"
                if order.exclude_tags
                else "mend tags in budgets.toml",
                slug="scenario-without-tasks",
            )


def runs_pytest(user_classes: list[Any]) -> bool:
    """Whether the users are test functions; their last request is killed at the end, and counted nowhere."""
    return any(getattr(user_class, "functions", None) for user_class in user_classes)


def create_environment(order: Order, scenario: Scenario) -> Environment:
    """A Locust environment for the scenario, with options as Locust's own command line would parse them.

    Raises:
        ScenarioError: Locust refuses the classes (two of one name, weights that are all 0), an option that the scenario
            requires is missing, or the tags leave a class without tasks.
    """
    try:
        environment = Environment(
            user_classes=scenario.user_classes,
            shape_class=scenario.shape,
            locustfile=Path(order.scenario).name,
            events=locust.events,
            host=order.host,
            tags=order.tags or None,
            exclude_tags=order.exclude_tags or None,
            # Locust's pytest users loop until they are killed: waiting for them would be in vain.
            stop_timeout=0 if runs_pytest(scenario.user_classes) else order.stop_timeout_s,
            parsed_options=_options(order),
            available_user_classes={cls.__name__: cls for cls in scenario.user_classes},
        )
    except ValueError as error:
        raise ScenarioError(str(error), place=order.scenario) from error
    environment._filter_tasks_by_tags()  # noqa: SLF001  (Locust does it when the load begins, too late to refuse)
    _check_chosen(scenario.user_classes, order)
    return environment


def _options(order: Order) -> Namespace:
    """Locust's options, for scenarios that read them; `budgets.toml` alone says which tags are driven."""
    try:
        options: Namespace = parse_options(args=["-f", order.scenario, "--headless", "--host", order.host])
    except SystemExit as error:
        raise ScenarioError(
            "Locust refuses the options that the scenario, its environment variables or a locust.conf set",
            place=order.scenario,
            hint="give every option of its own a default; engine.log tells which one it is",
            slug="scenario-options",
        ) from error
    set_load_options(options, order)
    options.tags = order.tags or None
    options.exclude_tags = order.exclude_tags or None
    return options
