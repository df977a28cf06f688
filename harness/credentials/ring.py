"""What one identity presents to one side, put together once and again only when a token changes."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from harness.clouds.aws_keys import AwsKeys
from harness.credentials.apply import Addition, addition, is_fixed, names_of, with_headers, with_parameters
from harness.credentials.faults import authorizations, needs_token
from harness.credentials.held import Held
from harness.credentials.secrets import key_texts
from harness.credentials.sources import Source, parts_of
from harness.credentials.trouble import CredentialUnavailable
from harness.model.request import ClientCertificate, Headers, Request
from harness.model.secret import Secret
from harness.model.side import Side
from harness.scenario.credential import (
    CertificateCredential,
    CognitoCredential,
    Credential,
    FaultySignature,
    FaultyToken,
    JwtCredential,
    OAuth2Credential,
    SignatureFault,
    SigV4Credential,
)
from harness.scenario.types import Identity

_REMEMBERED = 1024
MOST_SIGNATURES = 5000
"""How many signatures of an identity and side are masked: each is another, and every mask stays in memory.

A signature proves its one request alone, and for five minutes; its header is never journaled in any case.
"""

Hide = Callable[[Secret], None]
Piece = Callable[[float], Addition]


class Ring:
    """One identity on one side; `held` is what must be got for it, `is_fixed` says that nothing ever changes."""

    __slots__ = (
        "_added",
        "_certificate",
        "_hide",
        "_label",
        "_pieces",
        "_seen",
        "_signatures",
        "_signing",
        "_versions",
        "held",
        "identity",
        "is_fixed",
    )

    def __init__(self, identity: Identity, side: Side, hold: Callable[[Source], Held], hide: Hide) -> None:
        self.identity = identity
        self._hide = hide
        self._label = f"credential {identity.name}"
        self._certificate: ClientCertificate | None = None
        self._signing: tuple[SigV4Credential, SignatureFault | None, Held] | None = None
        held: list[Held] = []

        def keep(source: Source) -> Held:
            held.append(hold(source))
            return held[-1]

        self._pieces = [piece for one in identity.on(side) if (piece := self._piece(one, keep))]
        self.held = tuple(dict.fromkeys(held))
        self.is_fixed = not self.held
        self._versions: tuple[int, ...] | None = None
        self._added = Addition()
        self._seen: dict[Headers, Headers] = {}
        self._signatures = 0

    def presented(self, request: Request, now: float) -> Request:
        """Return `request` as it is sent at `now`; raise CredentialUnavailable."""
        added = self._additions(now)
        headers = self._seen.get(request.headers)
        if headers is None:
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            headers = self._seen[request.headers] = with_headers(request.headers, added.headers)
        url = with_parameters(request.url, added.parameters) if added.parameters else request.url
        made = replace(request, url=url, headers=headers, certificate=request.certificate or self._certificate)
        return self._signed(made, now) if self._signing is not None else made

    def _piece(self, credential: Credential, keep: Callable[[Source], Held]) -> Piece | None:
        """Return what gives this credential's headers and parameters; note a certificate, or what signs at the end."""
        if is_fixed(credential):
            fixed = addition(credential)
            return lambda _: fixed
        if isinstance(credential, OAuth2Credential | JwtCredential | CognitoCredential):
            held = keep(credential)
            return lambda now: _bearer(str(held.at(now).value))
        if isinstance(credential, FaultyToken):
            return self._faulty(credential, keep)
        if isinstance(credential, CertificateCredential):
            self._certificate = credential.certificate
            self._tell(key_texts(credential.certificate.key))
        elif isinstance(credential, FaultySignature):
            self._signing = credential.source, credential.fault, keep(credential.source)
        elif isinstance(credential, SigV4Credential):
            self._signing = credential, None, keep(credential)
        return None

    def _faulty(self, credential: FaultyToken, keep: Callable[[Source], Held]) -> Piece:
        held = keep(credential.source) if needs_token(credential) else None

        def piece(now: float) -> Addition:
            token = str(held.at(now).value) if held else ""
            try:
                tokens = authorizations(credential, token, now)
            except (ValueError, RecursionError):  # whoever issued it may have put anything into it
                raise CredentialUnavailable("the token cannot be written anew") from None
            for one in tokens:
                self._tell(parts_of(one))
            return _bearer(*tokens)

        return piece

    def _tell(self, secrets: Iterable[str]) -> None:
        """Hide what was made here."""
        for secret in secrets:
            if secret:
                self._hide(Secret(value=secret, label=self._label))

    def _additions(self, now: float) -> Addition:
        """Put the pieces together anew where something was got since the last time."""
        for held in self.held:
            held.at(now)  # raises for what has expired
        versions = tuple([held.version for held in self.held])
        if versions != self._versions:
            found = [piece(now) for piece in self._pieces]
            self._added = Addition(
                headers=tuple(pair for one in found for pair in one.headers),
                parameters=tuple(pair for one in found for pair in one.parameters),
            )
            self._seen.clear()
            self._versions = versions
        return self._added

    def _signed(self, request: Request, now: float) -> Request:
        """Sign what goes out; a request that brings its own Authorization goes as it is."""
        assert self._signing is not None
        if "authorization" in names_of(request.headers):
            return request
        from harness.credentials.sigv4 import signature  # noqa: PLC0415  heavy, and most runs sign nothing

        credential, fault, held = self._signing
        keys = held.at(now).value
        assert isinstance(keys, AwsKeys)
        try:
            headers, made = signature(request, credential, keys, now, fault)
        except ValueError:  # what has no UTF-8, which the wire would refuse as well
            raise CredentialUnavailable("the request cannot be signed: it is no text that can be sent") from None
        if self._signatures < MOST_SIGNATURES:
            self._signatures += 1
            self._tell((made,))
        return replace(request, headers=request.headers + headers)


def _bearer(*tokens: str) -> Addition:
    return Addition(headers=tuple(("Authorization", f"Bearer {token}".rstrip()) for token in tokens))
