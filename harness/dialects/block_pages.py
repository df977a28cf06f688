"""Answers by which web application firewalls block a request: §6 of the facts about gateways.

Statuses can be customised, to 200 even, so that the text decides. A text of the owner's own is not recognised: then
only the status tells.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.dialects.rows import Grade
from harness.model.response import Response

LONGEST_PAGE = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockPage:
    """How one firewall blocks. `statuses` empty: any. `text` is searched for in the body, `headers` must match whole.

    Only a `proven` row may excuse a difference; the others still recognise a block.
    """

    name: str
    product: str
    statuses: frozenset[int] = frozenset()
    text: re.Pattern[str]
    headers: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    grade: Grade
    source: str

    @property
    def proven(self) -> bool:
        """Tell whether this row may excuse a difference."""
        return self.grade.proven


# A short page that has this sentence and not much else: an article about firewalls is longer.
_BLOCKED = re.compile(r"\A.{0,512}?The request is blocked\..{0,1024}\Z", re.DOTALL)

PAGES: tuple[BlockPage, ...] = (
    BlockPage(
        name="AWS WAF on Amazon API Gateway",
        product="AWS WAF",
        statuses=frozenset({403}),
        # the very answer to a call without a key, too: a refusal in any case
        text=re.compile(r"\A\s*(\{\s*\"message\"\s*:\s*\"Forbidden\"\s*\})?\s*\Z"),
        headers={"x-amzn-errortype": re.compile(r"ForbiddenException"), "x-amzn-requestid": re.compile(r".+")},
        grade=Grade.OBSERVED,
        source="§6 AWS WAF on API Gateway; §1.1 WAF_FILTERED",
    ),
    BlockPage(
        name="AWS WAF on CloudFront",
        product="AWS WAF (CloudFront)",
        statuses=frozenset({403}),
        text=re.compile(r"<html\b.*Request blocked\..*cloudfront", re.DOTALL | re.IGNORECASE),
        headers={"content-type": re.compile(r"text/html\b.*", re.IGNORECASE)},
        grade=Grade.DOCUMENTED,
        source="§6 AWS WAF on CloudFront",
    ),
    BlockPage(
        name="Azure Front Door WAF",
        product="Azure Front Door",
        text=_BLOCKED,
        headers={"x-azure-ref": re.compile(r".+")},
        grade=Grade.DOCUMENTED,
        source="§6 Azure Front Door WAF",
    ),
    BlockPage(
        name="Application Gateway WAF v2",
        product="Azure Application Gateway",
        statuses=frozenset({200, 403, 405, 406, 429, *range(990, 1000)}),
        text=_BLOCKED,
        grade=Grade.DOCUMENTED,
        source="§6 App Gateway WAF v2",
    ),
    BlockPage(
        name="Application Gateway WAF v2, older page",
        product="Azure Application Gateway",
        statuses=frozenset({403}),
        text=re.compile(r"403 Forbidden.*Microsoft-Azure-Application-Gateway/v2", re.DOTALL),
        grade=Grade.UNCONFIRMED,
        source="§6 App Gateway WAF v2, older dumps",
    ),
)


def blocked_by(answer: Response) -> BlockPage | None:
    """Return the firewall whose block page `answer` is, None if it is none that is known."""
    content = answer.body.content
    if len(content) > LONGEST_PAGE:
        return None
    text = content.decode(errors="replace")
    return next((page for page in PAGES if _is(page, answer, text)), None)


def _is(page: BlockPage, answer: Response, text: str) -> bool:
    if page.statuses and answer.status not in page.statuses:
        return False
    if not all(pattern.fullmatch(answer.first(name) or "") for name, pattern in page.headers.items()):
        return False
    return page.text.search(text) is not None
