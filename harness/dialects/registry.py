"""Which dialect a gateway of a scenario speaks."""

from harness.dialects.aws_http import AWS_HTTP
from harness.dialects.aws_rest import AWS_REST
from harness.dialects.azure_apim import AZURE_APIM
from harness.dialects.dialect import Dialect
from harness.dialects.generic import GENERIC
from harness.model.errors import HarnessError

DIALECTS: dict[str, Dialect] = {
    "aws-rest": AWS_REST,
    "aws-http": AWS_HTTP,
    "azure-apim": AZURE_APIM,
    "generic": GENERIC,
}


def dialect(kind: str) -> Dialect:
    """Return the dialect of a gateway's `kind`; raise HarnessError for one that has no tables yet."""
    found = DIALECTS.get(kind)
    if found is None:
        raise HarnessError(f"no dialect for kind {kind!r}", hint=f"one of {', '.join(DIALECTS)}")
    return found
