"""What is compared: two revisions of this repository, or two deployments that already run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from perfgate.errors import UsageError
from perfgate.plan.hosts import check_host
from perfgate.target.checkout import check_different, check_out, prune
from perfgate.target.revision import RevisionFields, current
from perfgate.target.same_place import same_deployment
from perfgate.target.setup import EVEN, set_up

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfgate.measure.blocks import SideName
    from perfgate.plan.plan import Plan, Service
    from perfgate.target.checkout import Checkout

_NO_REVISION: RevisionFields = {"commit": None, "branch": None, "dirty": None}


@dataclass(frozen=True)
class Subject:
    """One side of a comparison.

    Attributes:
        words: for people.
        revision: all None for a deployment.
        checkout: the revision on disk; None for a deployment, and for the service just as the plan starts it.
        url: of a deployment; else None.
    """

    side: SideName
    words: str
    revision: RevisionFields
    checkout: Checkout | None = None
    url: str | None = None

    def service(self, service: Service, plan: Plan) -> Service:
        """The service as it is at this side, made ready to be started.

        Raises:
            ServiceError: `service-setup`: it cannot be built.
            UsageError, StorageError: it cannot be found at this side, or nothing can be written.
        """
        if self.url is not None:
            return replace(service, url=self.url, command=None, env={}, cwd=None, setup=None)
        if self.checkout:
            return set_up(self.checkout, service, plan.root)
        return replace(service, env={**EVEN, **service.env}) if service.command else service


def revisions(
    plan: Plan, base: str, head: str | None, *, same: bool = False, tell: Callable[[str], None] = print
) -> tuple[Subject, Subject]:
    """Two revisions, each checked out.

    Args:
        plan: its services must be such that perfgate starts them.
        base: what `git rev-parse` understands.
        head: likewise; None is the work tree as it is.
        same: they may be the same revision.
        tell: is told what was checked out.

    Raises:
        UsageError: there is no such revision, both are the same, or a service is one that runs already.
        StorageError: a work tree cannot be made.
    """
    for service in plan.services.values():
        if service.command is None:
            raise UsageError(
                f"service {service.name} has no command, so perfgate cannot start it at two revisions",
                place=service.source,
                hint="add `command`, or compare two deployments with --base-url and --head-url",
            )
    checkouts = check_out(plan.root, base, "base"), check_out(plan.root, head, "head")
    if not same:
        check_different(*checkouts)
    for checkout in checkouts:
        tell(f"{checkout.side}: {checkout.words}")
    prune(plan.root)
    first, second = (_revision(checkout, plan) for checkout in checkouts)
    return first, second


def _revision(checkout: Checkout, plan: Plan) -> Subject:
    fields: RevisionFields = {"commit": checkout.commit, "branch": None, "dirty": checkout.dirty}
    if not checkout.is_own:
        fields = current(plan.root)
    return Subject(checkout.side, checkout.words, fields, checkout)


def deployments(plan: Plan, base_url: str, head_url: str) -> tuple[Subject, Subject]:
    """Two deployments that already run.

    Raises:
        UsageError: the plan has more than one service, so that it cannot be told whose these are; or both are the same
            deployment, which would pass whatever it does.
        HostNotAllowedError: `allowed_hosts` does not name a host.
    """
    if len(plan.services) != 1:
        raise UsageError(
            f"two addresses are given, and the budgets file has {len(plan.services)} services",
            place="--base-url",
            hint="choose one with --service",
        )
    for option, url in (("--base-url", base_url), ("--head-url", head_url)):
        if not url.startswith(("http://", "https://")):
            raise UsageError(f"{url!r} is not an http or https URL", place=option)
        check_host(url, plan.gate.allowed_hosts)
    if same_deployment(base_url, head_url):
        raise UsageError(
            f"base and head are the same deployment: {base_url} and {head_url}",
            place="--head-url",
            hint="name two that differ; `perfgate calibrate` compares a service with itself on purpose",
            slug="same-revision",
        )
    return (
        Subject("base", base_url, _NO_REVISION, url=base_url),
        Subject("head", head_url, current(plan.root), url=head_url),
    )
