"""Frozen values made quickly.

A frozen dataclass sets its fields by name through `object.__setattr__`, which costs as much as sending a request's
bytes does. These set the slots directly; a test holds that each gives what the ordinary constructor gives.
"""

from collections.abc import Callable

from harness.model.exchange import Exchange
from harness.model.request import Headers, Request
from harness.model.response import Answer, Body, Certificate, Response, Timings

_Setter = Callable[[object, object], None]


def _setter(owner: type, slot: str) -> _Setter:
    setter: _Setter = vars(owner)[slot].__set__
    return setter


_new = object.__new__

_request = _setter(Exchange, "request")
_answer = _setter(Exchange, "answer")
_sent_at = _setter(Exchange, "sent_at")
_earlier = _setter(Exchange, "earlier")


def exchange(request: Request, answer: Answer, sent_at: float) -> Exchange:
    """Return an Exchange without earlier attempts."""
    made = _new(Exchange)
    _request(made, request)
    _answer(made, answer)
    _sent_at(made, sent_at)
    _earlier(made, ())
    return made


_name = _setter(Timings, "name")
_connect = _setter(Timings, "connect")
_tls = _setter(Timings, "tls")
_first_byte = _setter(Timings, "first_byte")
_total = _setter(Timings, "total")


def reused_timings(first_byte: float, total: float) -> Timings:
    """Return the Timings (ms) of a request on a connection that was there already."""
    made = _new(Timings)
    _name(made, None)
    _connect(made, None)
    _tls(made, None)
    _first_byte(made, first_byte)
    _total(made, total)
    return made


_status = _setter(Response, "status")
_reason = _setter(Response, "reason")
_version = _setter(Response, "version")
_headers = _setter(Response, "headers")
_body = _setter(Response, "body")
_trailers = _setter(Response, "trailers")
_interim = _setter(Response, "interim")
_timings = _setter(Response, "timings")
_certificate = _setter(Response, "certificate")


def response(
    line: tuple[str, int, str], headers: Headers, body: Body, timings: Timings, certificate: Certificate | None
) -> Response:
    """Return a Response without trailers or interim answers; `line` is version, status, reason."""
    made = _new(Response)
    version, status, reason = line
    _status(made, status)
    _reason(made, reason)
    _version(made, version)
    _headers(made, headers)
    _body(made, body)
    _trailers(made, ())
    _interim(made, ())
    _timings(made, timings)
    _certificate(made, certificate)
    return made
