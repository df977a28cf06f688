"""Certificate authorities by what their certificates say, and the domains by which CAA records name them.

Facts, not rules: who issues under which organisation, and which domains in `issue` and `issuewild` it takes for itself.
Most are what each authority discloses in the Common CA Database (ccadb.org, List of CAA Identifiers, "Recognized CAA
Domains", as of 2025 and 2026); `source` names where its own words say so as well. An authority that is not here, or
whose sources do not agree, is not guessed at.
"""

import re
from dataclasses import dataclass

_CCADB = "CCADB, Recognized CAA Domains"
_DIGICERT = (
    "digicert.com", "www.digicert.com", "digicert.ne.jp", "cybertrust.ne.jp", "thawte.com", "geotrust.com",
    "rapidssl.com", "symantec.com", "digitalcertvalidation.com", "1and1.digitalcertvalidation.com",
    "intermediatecertificate.digitalcertvalidation.com", "stratossl.digitalcertvalidation.com",
    "volusion.digitalcertvalidation.com", "quovadisglobal.com",
)  # fmt: skip
_OF_AMAZON = ("amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com")
_SECTIGO = (
    "sectigo.com", "usertrust.com", "trust-provider.com", "comodoca.com", "comodo.com", "entrust.net",
    "affirmtrust.com",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """An authority: `organisations` are the O of its issuing certificates, `identifiers` its domains in CAA records.

    The first identifier is the one that it asks its customers to write. `source` says where this is from.
    """

    name: str
    organisations: tuple[str, ...]
    identifiers: tuple[str, ...]
    source: str = _CCADB


ISSUERS: tuple[Issuer, ...] = (
    Issuer(
        name="Let's Encrypt",
        organisations=("Let's Encrypt", "Internet Security Research Group"),
        identifiers=("letsencrypt.org",),
        source=f"{_CCADB}; ISRG CP/CPS 4.2.1",
    ),
    Issuer(
        name="Amazon",
        organisations=("Amazon", "Amazon Trust Services"),
        identifiers=(*_OF_AMAZON, "aws.amazon.com"),
        source=f"{_CCADB}; AWS Certificate Manager user guide, Configure a CAA record (the first four)",
    ),
    Issuer(
        name="DigiCert",
        organisations=("DigiCert Inc", "DigiCert, Inc."),
        identifiers=(*_DIGICERT, *_OF_AMAZON),
        source=f"{_CCADB}; DigiCert Public Trust CP/CPS 7.06",
    ),
    Issuer(
        name="QuoVadis",
        organisations=(
            "QuoVadis Limited",
            "QuoVadis Trustlink B.V.",
            "QuoVadis Trustlink Deutschland GmbH",
            "QuoVadis Trustlink Schweiz AG",
        ),
        identifiers=_DIGICERT,
        source=f"{_CCADB} (a DigiCert company)",
    ),
    Issuer(
        name="Google Trust Services",
        organisations=("Google Trust Services", "Google Trust Services LLC"),
        identifiers=("pki.goog",),
    ),
    Issuer(
        name="Sectigo",
        organisations=("Sectigo Limited", "COMODO CA Limited", "The USERTRUST Network"),
        identifiers=_SECTIGO,
        source=f"{_CCADB}; Sectigo TLS CPS 6.1.1",
    ),
    Issuer(
        name="ZeroSSL",
        organisations=("ZeroSSL",),
        identifiers=_SECTIGO,
        source="ZeroSSL help, Invalid CAA Records: sectigo.com, whose authority it issues from",
    ),
    Issuer(
        name="GlobalSign",
        organisations=("GlobalSign nv-sa", "GlobalSign"),
        identifiers=("globalsign.com",),
        source=f"{_CCADB}; GlobalSign support, CAA Checking for SSL Certificates",
    ),
    Issuer(
        name="GoDaddy",
        organisations=("GoDaddy.com, Inc.", "Starfield Technologies, Inc."),
        identifiers=("godaddy.com", "starfieldtech.com"),
        source=f"{_CCADB}; GoDaddy help, Using CAA records with your SSL certificate",
    ),
    Issuer(
        name="SSL.com",
        organisations=("SSL Corporation", "SSL Corp"),
        identifiers=("ssl.com",),
        source=f"{_CCADB}; SSL.com, Configure CAA Records to Authorize SSL.com",
    ),
    Issuer(
        name="Entrust",
        organisations=("Entrust, Inc.", "Entrust Limited"),
        identifiers=("entrust.net", "affirmtrust.com"),
    ),
    Issuer(
        name="IdenTrust",
        organisations=("IdenTrust", "IdenTrust, Inc."),
        identifiers=("identrust.com", "www.identrust.com"),
    ),
    Issuer(name="Actalis", organisations=("Actalis S.p.A.",), identifiers=("actalis.it",)),
    Issuer(name="Buypass", organisations=("Buypass AS-983163327",), identifiers=("buypass.com", "buypass.no")),
    Issuer(
        name="Certum",
        organisations=("Asseco Data Systems S.A.", "Unizeto Technologies S.A."),
        identifiers=("certum.pl", "certum.eu"),
    ),
    Issuer(name="Certigna", organisations=("Certigna", "Dhimyotis"), identifiers=("certigna.fr", "certigna.com")),
    Issuer(name="Certainly", organisations=("Certainly",), identifiers=("certainly.com",)),
    Issuer(
        name="D-Trust", organisations=("D-Trust GmbH",), identifiers=("d-trust.net", "d-trust.de", "dtrust.de")
    ),
    Issuer(
        name="HARICA",
        organisations=("Hellenic Academic and Research Institutions CA",),
        identifiers=("harica.gr",),
        source=f"{_CCADB}; DFN-PKI, CAA records for certificates of GEANT TCS",
    ),
    Issuer(name="SwissSign", organisations=("SwissSign AG",), identifiers=("swisssign.com",)),
    Issuer(
        name="Telekom Security",
        organisations=("Deutsche Telekom Security GmbH",),
        identifiers=("telesec.de", "pki.dfn.de", "dfn.de"),
    ),
    Issuer(
        name="Telia",
        organisations=("Telia Company AB", "Telia Finland Oyj"),
        identifiers=("telia.com", "telia.fi", "telia.se", "trust.telia.com", "acme.trust.telia.com"),
    ),
)  # fmt: skip

_BY_ORGANISATION = {name.casefold(): issuer for issuer in ISSUERS for name in issuer.organisations}
_PART = re.compile(r"(?:[^\\,+]|\\.)+", re.DOTALL)
_ESCAPED = re.compile(r"\\([0-9A-Fa-f]{2}|.)", re.DOTALL)


def issuer_of(name: str) -> Issuer | None:
    """Return who issues under this distinguished name (RFC 4514, as Leaf.issuer has it), None where that is not known.

    It goes by the organisation alone, letter by letter: one that merely begins alike is somebody else.
    """
    for part in _PART.findall(name):
        key, _, value = part.partition("=")
        if key.strip().upper() == "O":
            return _BY_ORGANISATION.get(_ESCAPED.sub(_unescaped, value).strip().casefold())
    return None


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if len(match[1]) == 2 else match[1]
