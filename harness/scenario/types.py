"""A scenario as the rest of the harness sees it: decoded, checked, defaults filled in, secrets resolved."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from harness.model.event import ManualGate
from harness.model.gateway import Gateway, Limits, PathMap
from harness.model.place import JsonPath
from harness.model.request import Headers
from harness.model.rule import CompareRules, Expect, Waiver
from harness.model.secret import Secret
from harness.model.side import Side

Unsafe = Literal["", "run", "skip"]
BodiesKept = Literal["all", "differing", "none"]
BodyKind = Literal["", "json", "form"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderCredential:
    """Headers that identify the caller, as (name, value)."""

    headers: Headers = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryCredential:
    """Query parameters that identify the caller, as (name, value); not yet percent-encoded."""

    parameters: Headers = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicCredential:
    """HTTP Basic (RFC 7617)."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BearerCredential:
    """A bearer token (RFC 6750)."""

    token: str = field(repr=False)


Credential = HeaderCredential | QueryCredential | BasicCredential | BearerCredential


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A caller: how each side recognises it. A side's value is a tuple, since kinds may be combined."""

    name: str
    old: tuple[Credential, ...]
    new: tuple[Credential, ...]

    def on(self, side: Side) -> tuple[Credential, ...]:
        """Return what identifies this caller on `side`."""
        return self.old if side is Side.OLD else self.new


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A value to take from a step's answer: from the JSON body (`path`) or from a header (`header`, lower case)."""

    name: str
    path: JsonPath | None = None
    header: str | None = None
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request of a case. `target` starts with "/"; it, header values and `body` may hold `${capture}` marks.

    `side` limits the step to one side; `captured_from` takes the captures of another side; `always` runs it even
    if a step before it failed. `body_has_marks` says whether `body` (UTF-8) needs captures filled in, `body_kind` how
    they are escaped there (marks.py fills all of them).
    """

    method: str
    target: str
    headers: Headers = ()
    body: bytes | None = field(default=None, repr=False)
    body_has_marks: bool = False
    body_kind: BodyKind = ""
    identity: str | None = None
    expect: Expect = Expect()
    captures: tuple[Capture, ...] = ()
    side: Side | None = None
    captured_from: Side | None = None
    always: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case with its steps (a plain `request:` is one step). `index` is its ordinal; `line` is where it is written."""

    index: int
    name: str
    operation: str
    steps: tuple[Step, ...]
    repeat: int = 1
    retries: int = 0
    critical: bool = False
    unsafe: Unsafe = ""
    because: str = ""
    file: str = ""
    line: int = 0

    @property
    def safe(self) -> bool:
        """Tell whether every step uses a safe method."""
        return all(step.method in _SAFE for step in self.steps)


_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Which bodies are kept, and which places of JSON bodies never are."""

    bodies: BodiesKept = "differing"
    redact: tuple[JsonPath, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What GO needs."""

    require: tuple[str, ...] = ("parity",)
    manual: tuple[ManualGate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A whole scenario.

    `digest` is the SHA-256 (hex) of the files' bytes, in order of inclusion, and of the vars. `secrets` are all the
    values that must be masked. `parity` says whether there is a `cases` section at all.
    """

    name: str
    files: tuple[Path, ...]
    digest: str
    old: Gateway
    new: Gateway
    paths: tuple[PathMap, ...] = ()
    limits: Limits = Limits()
    evidence: Evidence = Evidence()
    environment: str = ""
    identities: dict[str, Identity] = field(default_factory=dict)
    compare: CompareRules = CompareRules()
    waivers: tuple[Waiver, ...] = ()
    cases: tuple[Case, ...] = ()
    gates: Gates = Gates()
    secrets: tuple[Secret, ...] = field(default=(), repr=False)

    def gateway(self, side: Side) -> Gateway:
        """Return the gateway of `side`."""
        return self.old if side is Side.OLD else self.new
