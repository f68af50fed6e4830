"""Installation: what pip has to be given elsewhere so that it installs this very perfgate.

The name alone proves nothing: in an index it may be somebody else's package, or nobody's. So what is written into a
file is what the installation itself tells (PEP 610, `direct_url.json`), or what the user says; else it stays open.
"""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from perfgate.errors import UsageError
from perfgate.scaffold.document import table, word
from perfgate.target.revision import git

_NAME = "perfgate"
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_RELEASE = re.compile(r"\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?")  # no development version, and none of somebody's own
_FROM_INDEX = frozenset({"pip", "uv", "poetry", "pdm"})  # conda and distributions write their names, too
_SAFE = re.compile(r"(?!.*(: | #))\w[\w.~:/@%+#=&\[\],><! -]*", re.ASCII)  # in YAML and in a shell's quotes
_SHORT = re.compile(r"([\w.-]+/[\w.-]+)@([0-9a-f]{40})", re.ASCII)
_SCP = re.compile(r"(?:(?P<user>[\w.-]+)@)?(?P<host>[\w.-]+\.[\w-]+):(?P<path>[^/].*)", re.ASCII)
_URL = re.compile(r"(git|hg|svn|bzr)\+(https?|ssh)://\S+|https?://\S+")
_NAMED = re.compile(r"perfgate(\[[\w,-]+\])?\s*(@\s*(?P<url>\S+)|(==|>=|~=)\s*\d\S*)", re.ASCII)


@dataclass(frozen=True)
class Installation:
    """Where perfgate is installed from.

    Attributes:
        requirement: what pip is given, one line without quotes; empty when it is not known.
        about: why it is not known, or what there is to know about it, as the rest of a sentence; may be empty.
    """

    requirement: str
    about: str = ""


def asked_for(spec: str) -> Installation:
    """What `--install-from` names.

    Args:
        spec: a requirement of pip's (`perfgate @ git+https://...@COMMIT`, `perfgate==VERSION`), a URL, or
            `OWNER/REPO@COMMIT` on GitHub. No path: the job that comments checks nothing out.

    Raises:
        UsageError: it is none, or holds what would end the quotes that it is written in.
    """
    given = spec.strip()
    if short := _SHORT.fullmatch(given):
        return Installation(f"{_NAME} @ git+https://github.com/{short[1]}@{short[2]}")
    if _URL.fullmatch(given):
        given = f"{_NAME} @ {given}"
    named = _NAMED.fullmatch(given)
    if not named or not _SAFE.fullmatch(given) or (named["url"] and not _URL.fullmatch(named["url"])):
        raise _unusable(spec)
    pinned = "git+" not in given or re.search(r"@[0-9a-f]{40,64}(#|$)", given)
    return Installation(given, "" if pinned else f"{given} names no commit, so that it may become something else")


def _unusable(spec: str) -> UsageError:
    return UsageError(
        f"{spec[:100]!r} does not say where perfgate is installed from",
        place="--install-from",
        hint='write OWNER/REPO@COMMIT, "git+https://HOST/OWNER/REPO@COMMIT", or "perfgate==VERSION"',
    )


def found(distribution: Distribution | None = None) -> Installation:
    """What the installation tells of itself; nobody is asked but Git, about the checkout that it was installed from.

    Args:
        distribution: the installed package; None looks for perfgate's.
    """
    try:
        package = distribution or Distribution.from_name(_NAME)
    except PackageNotFoundError:
        return Installation("", "perfgate runs without having been installed")
    text = package.read_text("direct_url.json")
    if text is None:
        return _from_index(package)
    try:
        return _from_direct_url(table(json.loads(text)))
    except (ValueError, RecursionError):
        return Installation("", "its direct_url.json cannot be read")


def _from_index(package: Distribution) -> Installation:
    installer = (package.read_text("INSTALLER") or "").split()
    if not installer or installer[0].lower() not in _FROM_INDEX:
        return Installation(
            "", f"perfgate was installed by {installer[0] if installer else 'a tool that does not say so'}"
        )
    if not _RELEASE.fullmatch(package.version):
        return Installation("", f"{package.version} is no release")
    return Installation(f"{_NAME}=={package.version}")


def _from_direct_url(told: dict[str, Any]) -> Installation:
    url, folder = word(told.get("url")), word(told.get("subdirectory"))
    if "vcs_info" in told:
        source = table(told["vcs_info"])
        return _of_commit(word(source.get("vcs")), url, word(source.get("commit_id")), folder)
    if "archive_info" in told:
        return _of_archive(url, table(told["archive_info"]), folder)
    path = unquote(urlsplit(url).path)
    return _of_checkout(Path(path)) if path else Installation("", "its direct_url.json names no source")


def _of_commit(vcs: str, url: str, commit: str, folder: str = "", about: str = "") -> Installation:
    reached = _reachable(url)
    if not reached:
        return Installation("", f"perfgate was installed from {_shown(url)}, which no other machine reaches")
    requirement = f"{_NAME} @ {vcs}+{reached}@{commit}" + (f"#subdirectory={folder}" if folder else "")
    whole = _COMMIT.fullmatch(commit) if vcs == "git" else commit
    if not whole or not _SAFE.fullmatch(requirement):
        return Installation("", "its direct_url.json names no commit")
    return Installation(requirement, about)


def _of_archive(url: str, info: dict[str, Any], folder: str) -> Installation:
    reached = _reachable(url)
    if not reached:
        return Installation("", f"perfgate was installed from {_shown(url)}, which no other machine has")
    digest = word(table(info.get("hashes")).get("sha256")) or word(info.get("hash")).removeprefix("sha256=")
    parts = [f"sha256={digest}"] if re.fullmatch("[0-9a-f]{64}", digest) else []
    parts += [f"subdirectory={folder}"] if folder else []
    requirement = f"{_NAME} @ {reached}" + (f"#{'&'.join(parts)}" if parts else "")
    safe = _SAFE.fullmatch(requirement)
    return (
        Installation(requirement) if safe else Installation("", "the URL that perfgate was installed from is too odd")
    )


def _of_checkout(folder: Path) -> Installation:
    """Of a local folder: the commit that is checked out there, when `origin` has it."""
    here = f"perfgate was installed from {folder}"
    top, commit = git(folder, "rev-parse", "--show-toplevel"), git(folder, "rev-parse", "--verify", "HEAD")
    if not top or not commit:
        return Installation("", f"{here}, which is no checkout of a Git repository")
    if git(folder, "cat-file", "-e", f"{commit}:./pyproject.toml") is None:
        return Installation("", f"{here}, which is in no commit of the repository around it")
    origin = git(folder, "remote", "get-url", "origin")
    if not origin:
        return Installation("", f"{here}, a checkout without a remote `origin`")
    if not git(folder, "for-each-ref", "--contains", commit, "--count=1", "refs/remotes/origin"):
        return Installation("", f"{here}, whose commit {commit[:12]} is on no branch of `origin`: push it")
    below = folder.resolve().relative_to(Path(top).resolve()).as_posix()
    changed = git(folder, "status", "--porcelain", "--untracked-files=no")
    about = f"{folder} has changes that its commit {commit[:12]}, which CI installs, has not" if changed else ""
    return _of_commit("git", origin, commit, "" if below == "." else below, about)


def _reachable(url: str) -> str:
    """The URL as another machine can use it, without a password; empty for what is only on this one."""
    if scp := _SCP.fullmatch(url):
        url = f"ssh://{scp['user'] + '@' if scp['user'] else ''}{scp['host']}/{scp['path']}"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    if parts.scheme not in {"https", "http", "ssh", "git"} or not host or _is_here(host):
        return ""
    if parts.scheme == "ssh" and host == "github.com":  # a job there has no key, and needs none
        return f"https://{host}{parts.path}"
    user = f"{parts.username}@" if parts.scheme == "ssh" and parts.username else ""
    return f"{parts.scheme}://{user}{parts.netloc.rpartition('@')[2]}{parts.path}"


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _shown(url: str) -> str:
    """The URL without what may be a password."""
    return re.sub(r"//[^/@]*@", "//", url)[:200]
