"""Published keys are judged as those who verify by them would find out later."""

from typing import Any

import pytest

from probes.auth import jwks
from probes.auth.jwks import (
    JWKS,
    OPENID,
    explain,
    explain_difference,
    explain_exposure,
    explain_openid,
    read,
)
from probes.finding import Broken, Code
from probes.transport.http import Web
from tests.support.signed import ISSUER, published, signed
from tests.support.site import Site, js

FAR = 4_000_000_000  # Unix time of the year 2096
OPENID_SAYS = {"issuer": ISSUER, "jwks_uri": "http://auth-service:8080/.well-known/jwks.json"}


def test_only_rsa_keys_are_read() -> None:
    """A key of another kind, or none at all, is passed over."""
    rows = [published(), {"kty": "oct", "k": "AAAA", "kid": "x"}, {"kid": "y"}, "z", None]
    assert [key.kid for key in read(rows)] == ["wealist-auth-key-1"]
    assert read("nothing") == ()


def test_a_private_member_of_a_key_is_exposed() -> None:
    """The key is read all the same, for others to judge."""
    [key] = read([published() | {"d": "x", "q": "y"}])
    finding = explain_exposure((key,))
    assert finding is not None
    assert finding.code is Code.ENDPOINT_EXPOSED
    assert "publishes d, q of the key" in finding.observed
    assert explain_exposure(read([published()])) is None


def test_two_pods_with_keys_of_their_own_are_told() -> None:
    """The name of the key is the same, the modulus is not; who is told may tell it to others."""
    one, other = read([published(0)]), read([published(1)])
    assert explain_difference([one, one, one]) is None
    finding = explain_difference([one, other, one])
    assert finding
    assert (finding.code, "2 sets of keys" in finding.observed) == (Code.JWKS_UNSTABLE, True)
    assert "JWT_RSA_PRIVATE_KEY" in finding.cause


def test_a_key_must_verify_what_was_signed() -> None:
    """Its name alone is not enough."""
    assert explain(read([published(0)]), signed(0)) is None
    assert explain(read([published(1), published(0)]), signed(0)) is None
    other_key, other_name = (
        explain(read([published(1)]), signed(0)),
        explain(read([published(0, "b")]), signed(0)),
    )
    assert other_key
    assert other_name
    assert (other_key.code, other_name.code) == (Code.JWKS_UNSTABLE, Code.JWKS_UNSTABLE)
    assert "names the key 'wealist-auth-key-1', JWKS has b" in other_name.observed


@pytest.mark.parametrize(("claim", "at"), [("exp", 1), ("iat", FAR), ("nbf", FAR)])
def test_an_old_or_early_token_is_verified_all_the_same(claim: str, at: Any) -> None:
    """Neither its age matters here, nor whose clock is ahead, the probes' or auth-service's."""
    assert explain(read([published(0)]), signed(0, **{claim: at})) is None


def test_a_weak_key_is_told() -> None:
    """1024 bits are too few, whatever they verify."""
    finding = explain(read([published(2, bits=1024)]), signed(0))
    assert finding
    assert (finding.code, "1024 bits" in finding.observed) == (Code.CONTRACT_BROKEN, True)


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "another"},
        {"jwks_uri": "https://x/keys"},
        {"id_token_signing_alg_values_supported": ["HS256"]},
    ],
)
def test_openid_configuration_agrees_with_the_tokens(changed: dict[str, object]) -> None:
    """Issuer, place of the keys, algorithm."""
    assert explain_openid(OPENID_SAYS, signed()) is None
    finding = explain_openid({**OPENID_SAYS, **changed}, signed())
    assert finding
    assert finding.code is Code.CONTRACT_BROKEN


async def test_keys_that_serve_are_let_be(site: Site, web: Web) -> None:
    """Through the api host, as services inside would read them."""
    site.says |= {
        f"GET api{JWKS}": js({"keys": [published()]}),
        f"GET api{OPENID}": js(OPENID_SAYS),
    }
    await jwks.expect_stable_keys(web)
    await jwks.expect_keys_verify(web, signed())
    with pytest.raises(Broken) as caught:
        await jwks.expect_keys_verify(web, signed(1))
    assert caught.value.finding.code is Code.JWKS_UNSTABLE


async def test_a_set_without_a_key_is_told(site: Site, web: Web) -> None:
    """An empty JWKS verifies nothing."""
    site.says[f"GET api{JWKS}"] = js({"keys": []})
    with pytest.raises(Broken, match="without an RSA key"):
        await jwks.expect_stable_keys(web)
