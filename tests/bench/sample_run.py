"""Make the events of a plausible run of any size, always the same ones, with the bodies that they name."""

import json
from dataclasses import dataclass, field
from hashlib import sha256

from harness.model.event import (
    CaseInfo,
    Ended,
    Event,
    GateInfo,
    ManualGate,
    Note,
    Planned,
    Recorded,
    RecordedDifference,
    RecordedPair,
    Round,
    Started,
    WaiverInfo,
)

START = 1_795_000_000.0
GATEWAYS = {
    "old": {"kind": "aws-rest", "url": "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/prod"},
    "new": {"kind": "azure-apim", "url": "https://api.example.com"},
}
_RESOURCES = ("orders", "customers", "invoices", "shipments", "returns", "products", "prices", "stock")


@dataclass(slots=True)
class Run:
    """Events in journal order and kept bodies by name."""

    events: list[Event] = field(default_factory=list)
    bodies: dict[str, bytes] = field(default_factory=dict)

    def keep(self, content: bytes) -> str:
        """Keep a body and return its name."""
        name = sha256(content).hexdigest()
        self.bodies[name] = content
        return name


def make_run(cases: int, *, failing_every: int = 0, body_items: int = 6) -> Run:
    """Return a run of `cases` cases; every `failing_every`-th fails (0: none)."""
    run = Run()
    infos = tuple(_info(index) for index in range(cases))
    gates = GateInfo(
        require=("parity",),
        manual=(ManualGate(what="NSG rules reviewed", owner="netops", done="2026-11-20", evidence="CHG-88"),),
        waivers=(
            WaiverInfo(
                id="W1",
                at="header:etag",
                case="",
                owner="orders-team",
                until="2026-10-01",
                because="ORD-12",
                expired=True,
            ),
        ),
    )
    run.events.append(
        Started(
            run="20261118-123320-orders",
            at=START,
            version="0.1.0",
            scenario="Orders API to Azure",
            scenario_files=("orders.yaml",),
            digest="5f" * 32,
            environment="staging",
            mode="rehearse",
            seed=7,
            gateways=GATEWAYS,
            gates=gates,
        )
    )
    run.events.append(Planned(at=START, suite="parity", cases=infos))
    for info in infos:
        fails = failing_every > 0 and info.index % failing_every == 0
        pair = _failing_pair(run, info, body_items) if fails else _passing_pair(info)
        at = START + info.index / 250
        run.events.append(Round(at=at, suite="parity", index=info.index, case=info.name, round=0, pairs=(pair,)))
    run.events.append(Note(at=START + cases / 250, text="the journal was resumed once", level="info"))
    run.events.append(Ended(at=START + cases / 250 + 1, state="finished", longest_gap_ms=3.0))
    return run


def _info(index: int) -> CaseInfo:
    resource = _RESOURCES[index % len(_RESOURCES)]
    return CaseInfo(
        index=index,
        name=f"{resource} {index:05d}: read one with its lines",
        operation=f"GET /{resource}/{{id}}",
        critical=index % 97 == 0,
    )


def _headers(index: int, side: str) -> tuple[tuple[str, str], ...]:
    token = sha256(f"{side}{index}".encode()).hexdigest()
    own = (
        (
            ("x-amzn-RequestId", f"{token[:8]}-{token[8:12]}-4{token[13:16]}-{token[16:20]}-{token[20:32]}"),
            ("x-amz-apigw-id", token[32:47] + "="),
        )
        if side == "old"
        else (("Request-Context", f"appId=cid-v1:{token[:32]}"),)
    )
    return (
        ("Date", f"Wed, 18 Nov 2026 12:{index // 60 % 60:02d}:{index % 60:02d} GMT"),
        ("Content-Type", "application/json; charset=utf-8"),
        ("Content-Length", str(300 + index % 40)),
        ("Connection", "keep-alive"),
        ("Cache-Control", "no-cache, max-age=0"),
        ("ETag", f'"{sha256(str(index).encode()).hexdigest()[:16]}"'),
        ("Vary", "Accept, Accept-Encoding"),
        ("X-Content-Type-Options", "nosniff"),
        *own,
    )


def _answer(index: int, side: str, *, status: int = 200, body: str = "", size: int = 312, digest: str = "") -> Recorded:
    base = GATEWAYS[side]["url"]
    key = "x-api-key" if side == "old" else "Ocp-Apim-Subscription-Key"
    slow = 0.0 if side == "old" else 3.0 + index % 11
    total = 18.0 + (index * 7919 % 400) / 10 + slow
    return Recorded(
        method="GET",
        url=f"{base}/{_RESOURCES[index % len(_RESOURCES)]}/{index:05d}?expand=lines",
        request_headers=(("Accept", "application/json"), (key, f"[masked ${{env:{side.upper()}_PARTNER_KEY}}]")),
        sent_at=START + index / 250,
        status=status,
        reason="OK" if status == 200 else "Not Found",
        version="1.1",
        headers=_headers(index, side),
        size=size,
        sha256=digest or sha256(str(index).encode()).hexdigest(),
        body=body,
        first_byte_ms=total - 1.5,
        total_ms=total,
    )


def _identity() -> tuple[RecordedDifference, ...]:
    return (
        RecordedDifference(at="header:x-amzn-requestid", kind="missing", cause="identity", old="3f8b1c9e", new=None),
        RecordedDifference(
            at="header:request-context", kind="added", cause="identity", old=None, new="appId=cid-v1:77"
        ),
    )


def _passing_pair(info: CaseInfo) -> RecordedPair:
    return RecordedPair(
        step=0,
        old=_answer(info.index, "old"),
        new=_answer(info.index, "new"),
        counts={"identity": 2},
        differences=_identity(),
        outcome="PASS",
    )


def _document(index: int, items: int, *, new: bool) -> bytes:
    lines = [
        {
            "line": n,
            "sku": f"SKU-{index}-{n}",
            "quantity": n % 5 + 1,
            "price": f"{n}.90" if new and n == 2 else n + 0.9,
            "note": None,
        }
        for n in range(items)
    ]
    document = {
        "id": index,
        "number": 9007199254740993 + index,
        "customer": {"id": f"C-{index % 90}", "name": "Müller & Söhne <GmbH>", "vip": index % 2 == 0},
        "items": lines,
        "total": 123.45,
        "links": {"self": f"{GATEWAYS['new' if new else 'old']['url']}/orders/{index}"},
    }
    if new:
        del document["total"]
    return json.dumps(document, ensure_ascii=False).encode()


def _failing_pair(run: Run, info: CaseInfo, items: int) -> RecordedPair:
    index = info.index
    old, new = (_document(index, items, new=side == "new") for side in ("old", "new"))
    differences = (
        RecordedDifference(
            at="body:$.items[2].price",
            kind="type",
            cause="unexplained",
            old="2.9",
            new='"2.90"',
            note="a number became a text",
        ),
        RecordedDifference(at="body:$.total", kind="missing", cause="unexplained", old="123.45", new=None),
        RecordedDifference(
            at="body:$.links.self",
            kind="value",
            cause="bound",
            old=f'"{GATEWAYS["old"]["url"]}/orders/{index}"',
            new=f'"{GATEWAYS["new"]["url"]}/orders/{index}"',
        ),
        RecordedDifference(
            at="header:cache-control",
            kind="value",
            cause="unexplained",
            old="no-cache, max-age=0",
            new="no-store",
            remedy="add a `set-header` policy for Cache-Control in the outbound section",
        ),
        *_identity(),
    )
    return RecordedPair(
        step=0,
        first="new" if index % 2 else "old",
        old=_answer(index, "old", body=run.keep(old), size=len(old), digest=sha256(old).hexdigest()),
        new=_answer(index, "new", body=run.keep(new), size=len(new), digest=sha256(new).hexdigest()),
        counts={"unexplained": 3, "bound": 1, "identity": 2},
        differences=differences,
        outcome="FAIL",
        why=("body:$.items[2].price type", "body:$.total missing", "header:cache-control value"),
    )
