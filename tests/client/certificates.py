"""An authority and its certificates, made anew for each test run."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Certificates:
    """Paths of PEM files.

    Attributes:
        authority: trusts the server's certificate.
        client: a client's certificate with its key.
    """

    authority: str
    client: str
    _authority: trustme.CA

    @classmethod
    def create(cls, folder: Path) -> Certificates:
        """Make them in `folder`."""
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        authority.issue_cert("client@perfgate.example").private_key_and_cert_chain_pem.write_to_path(
            str(folder / "client.pem")
        )
        return cls(str(folder / "ca.pem"), str(folder / "client.pem"), authority)

    def server_context(self, *names: str, demand_client: bool = False) -> ssl.SSLContext:
        """A server's context with a certificate for `names`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(*names).configure_cert(context)
        if demand_client:
            context.verify_mode = ssl.CERT_REQUIRED
            self._authority.configure_trust(context)
        return context
