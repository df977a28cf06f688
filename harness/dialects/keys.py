"""Where a product reads an API key by default: the names of its header and of its query parameter."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPlace:
    """The two places of a key; `query` is "" where the product reads it from the header alone."""

    header: str
    query: str = ""


# gateways.md §1.7 (Amazon: the source HEADER is x-api-key) and §2.1 (Azure: the query counts if there is no header)
KEY_PLACES: dict[str, KeyPlace] = {
    "aws-rest": KeyPlace(header="x-api-key"),
    "azure-apim": KeyPlace(header="Ocp-Apim-Subscription-Key", query="subscription-key"),
}


def query_for(kind: str, header: str) -> str:
    """Return the query parameter in which a key of this header may be read too; by default it has the same name."""
    place = KEY_PLACES.get(kind)
    known = place is not None and place.header.lower() == header.lower()
    return place.query or header if place is not None and known else header


def header_for(kind: str, parameter: str) -> str:
    """Return the header in which a key of this query parameter may be read too; by default it has the same name."""
    place = KEY_PLACES.get(kind)
    return place.header if place is not None and place.query == parameter else parameter
