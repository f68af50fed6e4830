"""An nginx of one's own: a folder and free ports, one worker, a constant answer; always stopped."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from perfgate.target.ports import reserve_port
from rig import children
from rig.peers import find

_CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  log_format moments $msec; access_log {log}; keepalive_requests 1000000000; keepalive_timeout 300;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:{port}; listen 127.0.0.1:{tls_port} ssl;
    ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    location / {{ default_type text/plain; return 200 "hello world\\n"; }}
  }}
}}
"""


class Nginx:
    """Runs for the length of a with-block.

    Args:
        log_moments: write down when each request was answered.

    Attributes:
        url, tls_url: where it answers.
    """

    def __init__(self, *, log_moments: bool = False) -> None:
        self._log_moments = log_moments

    def __enter__(self) -> Nginx:
        self._temporary = tempfile.TemporaryDirectory(prefix="perfgate-benchmark-")
        self._folder = Path(self._temporary.name)
        self._ports = [reserve_port(), reserve_port()]
        port, tls_port = (reserved.number for reserved in self._ports)
        self.url, self.tls_url = f"http://127.0.0.1:{port}/", f"https://127.0.0.1:{tls_port}/"
        self._make_certificate()
        configuration = self._folder / "nginx.conf"
        log = f"{self._moments} moments" if self._log_moments else "off"
        configuration.write_text(_CONFIGURATION.format(folder=self._folder, port=port, tls_port=tls_port, log=log))
        command = [find("nginx") or "nginx", "-p", str(self._folder), "-c", str(configuration)]
        self._process = children.start(command, stderr=subprocess.DEVNULL)
        self._wait(port)
        return self

    @property
    def _moments(self) -> Path:
        return self._folder / "moments"

    def take_moments(self) -> list[float]:
        """When each request since the previous call was answered, seconds since the epoch, to the millisecond."""
        moments = [float(line) for line in self._moments.read_text().split()]
        os.truncate(self._moments, 0)
        return moments

    def _make_certificate(self) -> None:
        self_signed = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        files = ["-keyout", str(self._folder / "key.pem"), "-out", str(self._folder / "cert.pem")]
        children.run(["openssl", "req", *self_signed, *files])

    def _wait(self, port: int) -> None:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        self.__exit__()
        raise SystemExit("nginx did not start")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
        for reserved in self._ports:
            reserved.release()
        self._temporary.cleanup()
