"""Security schemes of an OpenAPI document: each becomes a value read from the environment, never one in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from perfgate.scaffold import names
from perfgate.scaffold.document import array, table, word
from perfgate.scaffold.parameter import TOKEN
from perfgate.scaffold.sketch import FromEnv, Text, merged

if TYPE_CHECKING:
    from perfgate.scaffold.reference import References

_TOKENS = frozenset({"http", "oauth2", "openIdConnect"})


class Security:
    """Which credentials the operations of a document want.

    Args:
        document: the whole document.
        references: of the document.
        prefix: of the names of environment variables.

    Attributes:
        headers: headers for all requests, from the schemes that any operation has wanted so far.
    """

    def __init__(self, document: dict[str, Any], references: References, prefix: str) -> None:
        declared = table(document.get("components")).get("securitySchemes", document.get("securityDefinitions"))
        self._schemes = {name: references.resolve(item) for name, item in table(declared).items()}
        self._everywhere = document.get("security")
        self._prefix = prefix
        self.headers: dict[str, FromEnv] = {}

    def signed(self, path: str, operation: dict[str, Any]) -> Text:
        """The path with the API keys that the operation wants in its query; its headers are noted."""
        text: Text = (path,)
        for name in self._wanted(operation):
            scheme = self._schemes.get(name, {})
            if scheme.get("type") == "apiKey" and scheme.get("in") == "query" and word(scheme.get("name")):
                mark = "&" if "?" in path else "?"
                text = (*text, f"{mark}{quote(word(scheme['name']), errors='replace')}=", self._key(name, scheme))
                path += "?"
            else:
                self._note_header(name, scheme)
        return merged(text)

    def wants_bearer(self, operation: dict[str, Any]) -> bool:
        """Whether an operation wants a token in the header `Authorization`."""
        schemes = [self._schemes.get(name, {}) for name in self._wanted(operation)]
        return any(word(scheme.get("type")) in _TOKENS and not _is_basic(scheme) for scheme in schemes)

    def wanted_cookie(self, operation: dict[str, Any]) -> str:
        """The cookie that an operation wants; empty for none."""
        schemes = (self._schemes.get(name, {}) for name in self._wanted(operation))
        return next((word(scheme.get("name")) for scheme in schemes if scheme.get("in") == "cookie"), "")

    @property
    def token_paths(self) -> list[str]:
        """Where tokens are given for a user and a password, as the schemes of OAuth 2 say, without a leading slash."""
        flows = [table(scheme.get("flows")) for scheme in self._schemes.values()]
        urls = [word(table(flow.get("password")).get("tokenUrl")) for flow in flows]
        urls += [word(scheme.get("tokenUrl")) for scheme in self._schemes.values() if scheme.get("flow") == "password"]
        return [url.partition("?")[0].lstrip("./") for url in urls if url and "://" not in url]

    def _wanted(self, operation: dict[str, Any]) -> list[str]:
        """The schemes of the first alternative that wants any."""
        alternatives = array(operation.get("security", self._everywhere))
        return next((list(table(alternative)) for alternative in alternatives if table(alternative)), [])

    def _note_header(self, name: str, scheme: dict[str, Any]) -> None:
        kind, label = word(scheme.get("type")), names.prose(name, 30)
        if kind == "apiKey" and scheme.get("in") == "header" and TOKEN.fullmatch(word(scheme.get("name"))):
            self.headers[word(scheme["name"])] = self._key(name, scheme)
        elif kind == "apiKey" and scheme.get("in") == "cookie":
            about = f"security scheme {label}: the whole Cookie header, e.g. session=..."
            self.headers["Cookie"] = FromEnv(names.variable(self._prefix, "cookie"), about)
        elif _is_basic(scheme):
            self._authorization(f"security scheme {label}: the whole header, Basic and base64 of user:password")
        elif kind in _TOKENS:
            self._authorization(f"security scheme {label}: the whole header, e.g. Bearer eyJ...")

    def _authorization(self, about: str) -> None:
        self.headers["Authorization"] = FromEnv(names.variable(self._prefix, "authorization"), about)

    def _key(self, name: str, scheme: dict[str, Any]) -> FromEnv:
        variable = names.variable(self._prefix, word(scheme.get("name")))
        return FromEnv(variable, f"security scheme {names.prose(name, 30)}: the value of {names.prose(scheme['name'])}")


def _is_basic(scheme: dict[str, Any]) -> bool:
    """Whether a scheme wants user and password with each request, base64 of both."""
    return scheme.get("type") == "basic" or word(scheme.get("scheme")).lower() == "basic"
