"""Who issued a certificate, by the name that stands in it, and what CAA records call that authority."""

import re

import pytest

from harness.dns.new_side.issuers import ISSUERS, issuer_of

DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("CN=R11,O=Let's Encrypt,C=US", "letsencrypt.org"),
        ("CN=E7,O=Let's Encrypt,C=US", "letsencrypt.org"),
        ("CN=Amazon RSA 2048 M02,O=Amazon,C=US", "awstrust.com"),
        ("CN=GeoTrust TLS RSA CA G1,OU=www.digicert.com,O=DigiCert Inc,C=US", "geotrust.com"),
        ("CN=DigiCert Global G2 TLS RSA SHA256 2020 CA1,O=DigiCert Inc,C=US", "digicert.com"),
        ("CN=GeoTrust G5 TLS,O=DigiCert\\, Inc.,C=US", "digicert.com"),
        ("CN=WE1,O=Google Trust Services,C=US", "pki.goog"),
        ("CN=Sectigo Public Server Authentication CA DV R36,O=Sectigo Limited,C=GB", "sectigo.com"),
        ("CN=ZeroSSL RSA Domain Secure Site CA,O=ZeroSSL,C=AT", "sectigo.com"),
        ("CN=Go Daddy Secure CA,OU=http://certs.godaddy.com/,O=GoDaddy.com\\, Inc.,C=US", "starfieldtech.com"),
        ("C=BE+O=GlobalSign nv-sa,CN=GlobalSign Atlas R3 DV TLS CA 2025 Q1", "globalsign.com"),
    ],
)
def test_an_authority_is_known_by_its_organisation(name: str, identifier: str) -> None:
    found = issuer_of(name)
    assert found is not None
    assert identifier in found.identifiers


@pytest.mark.parametrize(
    "name",
    [
        "",
        "CN=Let's Encrypt",
        "CN=cutover test authority",
        "CN=R3,O=(STAGING) Let's Encrypt,C=US",
        "O=Amazon Web Shop Ltd,C=US",
        "CN=x\\,O=Amazon,C=US",
        "CN=a\\+O=Amazon",
        "OU=Amazon,O=Example",
        "O=\\",
        "O=Private,O=Amazon",
    ],
)
def test_nobody_is_taken_for_an_authority_by_a_name_that_is_like_it(name: str) -> None:
    assert issuer_of(name) is None


def test_the_table_is_sound() -> None:
    organisations = [one.casefold() for issuer in ISSUERS for one in issuer.organisations]
    assert len(organisations) == len(set(organisations))
    for issuer in ISSUERS:
        assert issuer.source
        assert issuer.identifiers
        assert len(issuer.identifiers) == len(set(issuer.identifiers))
        assert all(DOMAIN.fullmatch(one) for one in issuer.identifiers)
