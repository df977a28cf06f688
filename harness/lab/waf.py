"""A small firewall, as it stands before either gateway: patterns of attacks over query, headers and body.

The rules are few and our own. What they look at is how the products are documented: decoded text, and of a body the
first 8 KB alone (facts 1.5), on both sides alike, since this lab's new side was set up to be as the old one was.
"""

import html
import re
from dataclasses import dataclass
from urllib.parse import unquote_plus

from harness.lab.message import Call

_INSPECTED = 8_192
_LONGEST_VALUE = 4_096
_NOT_LOOKED_AT = frozenset({b"authorization", b"host", b"x-api-key", b"ocp-apim-subscription-key"})

_FORM = "application/x-www-form-urlencoded"

_COMMANDS = "cat|ls|id|whoami|uname|curl|wget|nc|ping|sleep|sh|bash|powershell|cmd|type|echo|dir"

_RULES = {
    "SQL injection": (
        r"['\")]\s*(?:or|and)\s+['\"(]?\w+['\")]?\s*(?:=|<|>|like\b|in\b|between\b|is\b)",
        r"\b(?:or|and)\s+(\d+|'\w*')\s*=\s*(\d+|'\w*)",
        r"\bunion\b(?:\s|/\*.*?\*/)+(?:all\b|distinct\b)?(?:\s|/\*.*?\*/)*select\b",
        r";\s*(?:drop|delete|insert|update|alter|truncate|exec|shutdown|declare)\b",
        r"\b(?:sleep|benchmark|pg_sleep|load_file|extractvalue|updatexml)\s*\(",
        r"\bwaitfor\s+delay\b",
        r"['\"]\s*;?\s*(?:--|#|/\*)",
        r"\bselect\s+(?:\*|[\w.@()'\"]+(?:\s*,\s*[\w.@()'\"]+)*)\s+from\b",
        r"\binformation_schema\b|\bxp_cmdshell\b",
    ),
    "cross-site scripting": (
        r"<\s*/?\s*script\b",
        r"(?:java|vb)script\s*:",
        r"<[^>]{0,200}\bon[a-z]{3,20}\s*=",
        r"['\"]\s*on[a-z]{3,20}\s*=",
        r"<\s*(?:iframe|object|embed|svg|math|base)\b",
    ),
    "path traversal": (
        r"\.\.(?:;|\x00)?[/\\]",
        r"\.{4,}//",
        r"/etc/(?:passwd|shadow|hosts)\b",
        r"\b(?:boot|win)\.ini\b|\bweb-inf\b|/proc/self\b",
        r"\b(?:file|php|expect|gopher|dict)://",
    ),
    "command injection": (
        rf"(?:;|\||&&|`|\$\(|\n)\s*(?:/\w+)*/?(?:{_COMMANDS})\b",
        r"\$\([^)]{1,100}\)|`[^`]{1,100}`",
        r"\$\{ifs\}|/bin/(?:ba)?sh\b|\(\)\s*\{\s*:",
    ),
    "Log4Shell": (
        r"\$\{\s*jndi\s*:",
        r"\$\{[^}]{0,100}\$\{",
        r"\$\{(?:lower|upper|env|sys|date|::-)[^}]{0,100}\}",
    ),
    "scanner": (r"\b(?:sqlmap|nikto|nessus|acunetix|masscan|nuclei|dirbuster|gobuster|wpscan)\b",),
    "template or entity": (
        r"<!\s*(?:entity|doctype)\b",
        r"\{\{[^}]{1,60}\}\}|<%=|#\{[^}]{1,60}\}",
        r"169\.254\.169\.254",
        r"\"\$(?:ne|gt|where|regex)\"\s*:",
    ),
}
_COMPILED = tuple(
    (name, re.compile("|".join(f"(?:{one})" for one in rules), re.DOTALL)) for name, rules in _RULES.items()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WafRules:
    """What is inspected; everything, unless somebody left something out."""

    query: bool = True
    headers: bool = True
    body: bool = True
    nested: bool = True


def match(call: Call, rules: WafRules = WafRules()) -> str | None:
    """Return the name of the rule that a request breaks, None if it breaks none."""
    texts = []
    if rules.query:
        texts += call.query.split(b"&")
    if rules.headers:
        texts += [value[:_LONGEST_VALUE] for name, value in call.headers if name.lower() not in _NOT_LOOKED_AT]
    if rules.body and call.body:
        seen = call.body[:_INSPECTED]
        texts += seen.split(b"&") if call.text(b"content-type").startswith(_FORM) else [seen]
    for text in texts:
        found = _broken(_plain(text), rules)
        if found:
            return found
    return None


def _broken(text: str, rules: WafRules) -> str | None:
    for name, pattern in _COMPILED:
        if name == "Log4Shell" and not rules.nested:
            if "${jndi:" in text:
                return name
        elif pattern.search(text):
            return name
    return None


def _plain(data: bytes) -> str:
    """Return what a text says: percent-encoding undone twice, escapes of JSON and HTML undone, in small letters."""
    text = data.decode("latin-1")
    for _ in range(2):
        text = unquote_plus(text, encoding="latin-1")
    text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    return html.unescape(text.replace('\\"', '"').replace("\\/", "/")).lower()
