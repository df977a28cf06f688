"""Tokens by OAuth 2.0's client credentials (RFC 6749 §4.4), Microsoft Entra ID's among them."""

import json
import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode

from harness.clouds.http import SECONDS, Said, send
from harness.clouds.trouble import CloudTrouble, host_of, quoted
from harness.scenario.credential import OAuth2Credential

LONGEST_LIFE = 86_400.0  # seconds; whatever is promised beyond is fetched again after a day
LONGEST_TOKEN = 65_536
_TOKEN = re.compile(r"[\x21-\x7e]+")  # what one header value can carry without a break
_AADSTS = re.compile(r"AADSTS\d{4,9}")
_ENTRA_HINTS = {
    "AADSTS7000215": "client_secret is wrong: give the secret's value, not its id",
    "AADSTS7000222": "client_secret has expired: make a new one in the app registration",
    "AADSTS700016": "no such client_id in this tenant",
    "AADSTS90002": "no such tenant",
    "AADSTS1002012": "scope must end in /.default",
    "AADSTS70011": "scope must end in /.default",
    "AADSTS500011": "no such resource in this tenant: check the scope",
}
_HINTS = {
    "invalid_client": "check client_id and client_secret (some services want them by `secret_in: body`)",
    "unauthorized_client": "allow this client the client credentials grant",
    "invalid_scope": "check the scope",
    "unsupported_grant_type": "allow this client the client credentials grant",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A token, its life in seconds (None: the service does not say), and all else that must be masked."""

    token: str = field(repr=False)
    lifetime: float | None
    secrets: tuple[str, ...] = field(default=(), repr=False)


def client_credentials(credential: OAuth2Credential, *, seconds: float = SECONDS) -> Fetched:
    """Return a token for `credential`; raise CloudTrouble (one attempt, no redirect followed)."""
    form = [("grant_type", "client_credentials"), *credential.parameters]
    if credential.scope:
        form.append(("scope", credential.scope))
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        "User-Agent": "cutover",
    }
    if credential.secret_in == "body":  # noqa: S105  a place, no secret
        form += [("client_id", credential.client_id), ("client_secret", credential.client_secret)]
    else:
        headers["Authorization"] = f"Basic {client_basic(credential)}"
    try:
        said = send(
            "POST",
            credential.token_url,
            headers=headers,
            content=urlencode(form).encode(),
            ca_file=credential.ca_file,
            seconds=seconds,
        )
    except CloudTrouble as trouble:
        raise CloudTrouble(f"no token from {trouble.reason}") from None
    return read(said, credential)


def client_basic(credential: OAuth2Credential) -> str:
    """Return what follows "Basic " when the client authenticates by header (RFC 6749 §2.3.1: form-encoded first)."""
    pair = f"{quote_plus(credential.client_id)}:{quote_plus(credential.client_secret)}"
    return b64encode(pair.encode()).decode()


def read(said: Said, credential: OAuth2Credential) -> Fetched:
    """Return the token in an answer of the token endpoint; raise CloudTrouble, which says what came instead."""
    try:
        return _read(said, credential)
    except CloudTrouble as trouble:
        host = host_of(credential.token_url)
        raise CloudTrouble(f"no token from {host}: {trouble.reason}") from None


def _read(said: Said, credential: OAuth2Credential) -> Fetched:
    hidden = (credential.client_secret, client_basic(credential), quote_plus(credential.client_secret))
    if 300 <= said.status < 400:
        target = quoted(host_of(said.header("location")), hidden) or "another path"
        raise CloudTrouble(
            f"answered {said.status}, a redirect to {target}, which is not followed; give the final address"
        )
    answer = _json(said)
    if "error" in answer or not 200 <= said.status < 300:
        raise CloudTrouble(_refusal(said.status, answer, hidden, entra=credential.entra))
    token = _token(said.status, answer)
    kind = answer.get("token_type")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        what = f"of type {quoted(kind, (*hidden, token))!r}" if isinstance(kind, str) else "without a token_type"
        raise CloudTrouble(f"answered with a token {what}; only bearer tokens can be presented")
    others = tuple(value for name in ("refresh_token", "id_token") if isinstance(value := answer.get(name), str))
    return Fetched(token=token, lifetime=_lifetime(answer.get("expires_in")), secrets=others)


def _json(said: Said) -> dict[str, Any]:
    what = f"answered {said.status}"
    if said.header("content-encoding").lower() not in {"", "identity"}:
        raise CloudTrouble(f"{what} in a content coding that was not asked for")
    start = said.body[:200].lstrip()
    if not start:
        raise CloudTrouble(f"{what} with an empty body; check that the address is the token endpoint")
    if start.startswith(b"<"):
        raise CloudTrouble(f"{what} with HTML or XML (a sign-in page, a proxy?); check that the address is right")
    try:
        answer = json.loads(said.body)
    except (ValueError, RecursionError):
        raise CloudTrouble(f"{what} with no JSON, or half of it; check that the address is right") from None
    if not isinstance(answer, dict):
        raise CloudTrouble(f"{what} with JSON that is no object; check that the address is right")
    return answer


def _refusal(status: int, answer: dict[str, Any], hidden: tuple[str, ...], *, entra: bool) -> str:
    """Tell an error as the service tells it (RFC 6749 §5.2; Entra adds a number of its own)."""
    error, description = answer.get("error"), answer.get("error_description")
    code = quoted(error, hidden) if isinstance(error, str) else ""
    words = quoted(description, hidden) if isinstance(description, str) else ""
    hint = _HINTS.get(code, "check the credential, and the service's own log")
    if entra and (found := _AADSTS.search(words)):
        code, hint = found[0], _ENTRA_HINTS.get(found[0], hint)
    said = ", ".join(part for part in (code, words) if part) or "no word of what is wrong"
    return f"answered {status} ({said}); {hint}"


def _token(status: int, answer: dict[str, Any]) -> str:
    token = answer.get("access_token")
    if not isinstance(token, str) or not token:
        raise CloudTrouble(f"answered {status} without an access_token that is a text")
    if not _TOKEN.fullmatch(token):
        raise CloudTrouble(f"answered {status} with an access_token that no header can carry (blanks, line breaks)")
    if len(token) > LONGEST_TOKEN:
        raise CloudTrouble(f"answered {status} with an access_token of {len(token)} characters")
    return token


def _lifetime(said: Any) -> float | None:
    """Return the seconds of `expires_in` (some services send a text); None when it cannot be read."""
    if isinstance(said, str) and re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,9})?", said.strip()):
        said = float(said)
    if isinstance(said, bool) or not isinstance(said, int | float) or said != said:  # noqa: PLR0124  NaN is not itself
        return None
    if said <= 0:
        raise CloudTrouble(f"the token has expired already (expires_in: {quoted(said)}); check the service's clock")
    return float(min(said, LONGEST_LIFE))
