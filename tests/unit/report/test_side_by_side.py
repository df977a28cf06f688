"""A probe shows both answers and commands that a shell runs as meant."""

import io
import re
import subprocess
from base64 import b64encode
from dataclasses import replace

import pytest

from harness.model.difference import Cause, Difference, Kind
from harness.model.exchange import Exchange
from harness.model.gateway import Gateway
from harness.model.request import Request
from harness.model.response import Body, NoResponse, Reason, Response, Timings
from harness.model.side import Side
from harness.report.curl import curl_command, quote
from harness.report.side_by_side import Probed, show_probe

GATEWAYS = {
    Side.OLD: Gateway(side=Side.OLD, kind="aws-rest", url="https://old.example"),
    Side.NEW: Gateway(side=Side.NEW, kind="generic", url="https://new.example", connect_to="10.0.0.1:8443", http="2"),
}


def mask(text: str) -> str:
    return text.replace("hunter2", "[masked ${env:OLD_KEY}]").replace("s3cret", "[masked credential partner]")


def _exchange(side: Side, content: bytes, status: int = 200) -> Exchange:
    request = Request(
        side=side, method="GET", url=f"https://{side}.example/a?b=[1]", headers=(("x-api-key", "hunter2"),)
    )
    body = Body(content=content, size=len(content))
    headers = (("Content-Type", "application/json"), ("X-Side", f"{side} hunter2"))
    return Exchange(
        request=request,
        answer=Response(status=status, headers=headers, body=body, timings=Timings(total=12.5)),
        sent_at=0.0,
    )


def _show(step: Probed) -> str:
    out = io.StringIO()
    show_probe(out, [step], GATEWAYS, mask, width=140, color=False)
    return out.getvalue()


def test_both_answers_and_the_differences_are_shown() -> None:
    difference = Difference(at="body:$.b", kind=Kind.VALUE, old="9007199254740993", new="2", remedy="do this")
    shown = _show(
        Probed(
            title="list",
            old=_exchange(Side.OLD, b'{"a":1,"b":9007199254740993}'),
            new=_exchange(Side.NEW, b'{"a":1,"b":2}', 404),
            differences=(difference,),
            why=("status 200 became 404",),
        )
    )
    assert re.search(r"answer\s+200\s+404", shown)
    assert re.search(r'≠\s+"b": 9007199254740993\s+"b": 2', shown)
    assert "body:$.b" in shown
    assert "do this" in shown
    assert "--connect-to ::10.0.0.1:8443" in shown
    assert "hunter2" not in shown
    assert '"${OLD_KEY}"' in shown


def test_a_secret_is_masked_before_a_text_is_cut() -> None:
    content = b'"' + b"x" * 590 + b'hunter2"'
    shown = _show(Probed(title="t", old=_exchange(Side.OLD, content), new=None))
    assert "hunt" not in shown


def test_no_response_and_a_side_that_was_not_asked() -> None:
    request = Request(side=Side.OLD, method="GET", url="https://old.example/")
    silent = Exchange(request=request, answer=NoResponse(reason=Reason.RESET, detail="\x1b[2Jgone"), sent_at=0.0)
    shown = _show(Probed(title="t", old=silent, new=None))
    assert "no response: connection reset: \\e[2Jgone" in shown
    assert "not asked" in shown
    assert "\x1b" not in shown


def test_causes_that_do_not_count_come_last() -> None:
    differences = (
        Difference(at="header:date", kind=Kind.VALUE, old="a", new="b", cause=Cause.IDENTITY),
        Difference(at="header:etag", kind=Kind.VALUE, old="a", new="b"),
    )
    shown = _show(
        Probed(title="t", old=_exchange(Side.OLD, b""), new=_exchange(Side.NEW, b""), differences=differences)
    )
    assert shown.index("header:etag") < shown.index("header:date")


@pytest.mark.parametrize(
    "request_",
    [
        Request(side=Side.OLD, method="GET", url="https://old.example/a b'c?x=[1]&y={2}"),
        Request(
            side=Side.OLD,
            method="POST",
            url="https://old.example/",
            headers=(("X-Empty", ""), ("Accept", "*/*")),
            body=b"it's `x` $HOME\n",
        ),
        Request(side=Side.OLD, method="POST", url="https://old.example/", body=b"@file"),
        Request(side=Side.OLD, method="PUT", url="https://old.example/", body=b"\xff\x00"),
        Request(
            side=Side.OLD,
            method="GET",
            url="https://old.example/?k=hunter2",
            headers=(("Authorization", "Bearer s3cret!"),),
        ),
    ],
)
def test_a_shell_reads_the_command_as_meant(request_: Request) -> None:
    command = curl_command(request_, GATEWAYS[Side.OLD], mask)
    assert "hunter2" not in command
    assert "s3cret" not in command
    script = (
        'curl() { printf "%s\\0" "$@"; if [ "${!#}" != "" ] && printf "%s\\n" "$@" | grep -qx -- @-; then cat; fi; }\n'
        + command
    )
    done = subprocess.run(
        ["/bin/bash", "-c", script],
        capture_output=True,
        check=True,
        env={"OLD_KEY": "hunter2", "OLD_PARTNER": "s3cret", "PATH": "/usr/bin:/bin"},
    )
    words = done.stdout.split(b"\0")
    assert request_.url.encode() in words
    for name, value in request_.headers:
        assert (f"{name}: {value}" if value else f"{name};").encode() in words
    if request_.body is not None:
        assert request_.body in done.stdout


def test_a_large_body_is_expected_in_a_file() -> None:
    request = Request(side=Side.OLD, method="POST", url="https://old.example/", body=b"x" * 10_000)
    assert "--data-binary @body.bin" in curl_command(request, GATEWAYS[Side.OLD], mask)


def test_quoting_an_empty_text() -> None:
    assert quote("", Side.OLD) == "''"


@pytest.mark.parametrize("body", [b"\xff key=hunter2", b"key=hunter2\0"])
def test_a_secret_in_a_body_that_is_no_text_is_not_handed_out(body: bytes) -> None:
    request = Request(side=Side.OLD, method="POST", url="https://old.example/", body=body)
    command = curl_command(request, GATEWAYS[Side.OLD], mask)
    assert b64encode(body).decode() not in command
    assert "holds a secret" in command
    assert "--data-binary @body.bin" in command


def test_secrets_of_the_gateway_are_variables() -> None:
    gateway = replace(GATEWAYS[Side.OLD], proxy="socks5h://clerk:hunter2@proxy:1", connect_to="hunter2.example:1")
    command = curl_command(Request(side=Side.OLD, method="GET", url="https://old.example/"), gateway, mask)
    assert "hunter2" not in command
    assert command.count('"${OLD_KEY}"') == 2


def test_a_hex_dump_shows_no_secret() -> None:
    shown = _show(Probed(title="t", old=_exchange(Side.OLD, b"\xff hunter2"), new=None))
    assert "binary: ff 20" in shown
    assert b"hunt".hex(" ") not in shown
