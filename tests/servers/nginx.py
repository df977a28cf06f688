"""nginx as a child process, with a configuration of the test's own."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.process import HOST, Child, find_program, on_free_ports
from tests.servers.tls import ServerFiles


def find() -> str | None:
    """Return the path of nginx."""
    return find_program("nginx")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One `server { … }`: `body` holds its directives; `tls` makes it an HTTPS server, `http2` offers HTTP/2 too."""

    body: str
    tls: ServerFiles | None = None
    http2: bool = False


def static_json(text: str, *, status: int = 200) -> Server:
    """Answer every path with one JSON text."""
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    return Server(body=f"location / {{ default_type application/json; return {status} '{quoted}'; }}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A reverse proxy to a backend on this machine: a faithful one, unless something is added to it.

    `locations` come before the one that takes everything; in them, `proxy_pass http://backend` leads there too.
    """

    backend: int
    tls: ServerFiles | None = None
    http2: bool = False
    locations: Sequence[str] = field(default=())

    def server(self) -> Server:
        """Return the server that does it."""
        body = f"""
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header Connection "";
            proxy_buffering off;
            proxy_pass_header Server;
            proxy_pass_header Date;
            {" ".join(self.locations).replace("http://backend", f"http://{HOST}:{self.backend}")}
            location / {{ proxy_pass http://{HOST}:{self.backend}; }}"""
        return Server(body=body, tls=self.tls, http2=self.http2)


class Nginx:
    """A running nginx with one port per server, in order."""

    def __init__(self, folder: Path, servers: Sequence[Server], *, workers: int = 1) -> None:
        program = find()
        assert program is not None
        folder.mkdir(parents=True)
        config = folder / "nginx.conf"
        argv = [program, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(config)]

        def start(ports: list[int]) -> Child:
            config.write_text(_config(folder, list(zip(ports, servers, strict=True)), workers))
            return Child(argv, folder, ports)

        self.ports, self._child = on_free_ports(len(servers), start)

    @property
    def port(self) -> int:
        """Return the port of the first server."""
        return self.ports[0]

    @property
    def pid(self) -> int:
        """Return the process id of its master."""
        return self._child.pid

    def stop(self) -> None:
        """Stop it."""
        self._child.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _config(folder: Path, servers: Sequence[tuple[int, Server]], workers: int) -> str:
    blocks = "\n".join(_server(port, server) for port, server in servers)
    temp = "\n".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # workers that give up root could not enter the test's own folders
    user = "user root;" if os.geteuid() == 0 else ""
    return f"""
        daemon off;
        {user}
        worker_processes {workers};
        pid {folder}/nginx.pid;
        error_log {folder}/error.log warn;
        events {{ worker_connections 1024; }}
        http {{
            access_log off;
            keepalive_requests 1000000;
            client_max_body_size 32m;
            default_type application/octet-stream;
            merge_slashes off;
            {temp}
            {blocks}
        }}
    """


def _server(port: int, server: Server) -> str:
    flags = (" ssl" if server.tls else "") + (" http2" if server.http2 else "")
    tls = f"ssl_certificate {server.tls.cert}; ssl_certificate_key {server.tls.key};" if server.tls else ""
    return f"server {{ listen {HOST}:{port}{flags}; {tls}\n{server.body}\n}}"
