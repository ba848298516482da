"""The keys that auth-service publishes: the same from every pod, strong enough, and those that
tokens are signed with.

Sources: contract 2.2 (JWKS, openid-configuration), 90cd4d3e (each pod had a key of its own), RFC
7517.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from probes.auth.tokens import ALGORITHM, claims
from probes.finding import Broken, Code, Finding, broken_promise
from probes.transport.envelopes import Envelope, expect_shape
from probes.transport.http import Web

WELL_KNOWN = "/api/svc/auth/.well-known"
JWKS_PATH, ALGORITHMS = "/.well-known/jwks.json", "id_token_signing_alg_values_supported"
JWKS, OPENID = f"{WELL_KNOWN}/jwks.json", f"{WELL_KNOWN}/openid-configuration"
ASKED = 8  # times; with two pods in turn or at random, both are met
STRONG = 2048  # bits
PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")  # RFC 7518 6.3.2, 6.4
OWN_KEYS = (
    "auth-service: each pod has a key of its own, JWT_RSA_PRIVATE_KEY and JWT_RSA_PUBLIC_KEY "
    "are not set (90cd4d3e)"
)


class KeyRow(TypedDict):
    """One key of a JWKS (RFC 7517); what else it has depends on its kind."""

    kty: str


class KeySet(TypedDict):
    keys: list[KeyRow]


class OpenId(TypedDict):
    issuer: str
    jwks_uri: str


@dataclass(frozen=True, slots=True)
class Key:
    """A published key that may verify signatures. `private_members`: members of its private half
    that are published as well.
    """

    kid: str
    public: rsa.RSAPublicKey
    private_members: tuple[str, ...] = ()

    @property
    def modulus(self) -> int:
        return self.public.public_numbers().n


async def fetch_keys(web: Web) -> tuple[Key, ...]:
    """What one call to JWKS gives. Raises Broken."""
    answer = await web.ask("GET", web.target.hosts.api + JWKS)
    found = read(expect_shape(answer, Envelope.RAW, KeySet)["keys"])
    if not found:
        raise broken_promise(
            Code.CONTRACT_BROKEN,
            f"{answer} without an RSA key that verifies {ALGORITHM}",
            "auth-service",
        )
    return found


def read(rows: Any) -> tuple[Key, ...]:
    """The RSA keys among `rows`; what is none is passed over."""
    found = []
    for row in rows if isinstance(rows, list) else []:
        members = row if isinstance(row, dict) else {}
        exposed = tuple(name for name in PRIVATE if name in members)
        public = {name: value for name, value in members.items() if name not in PRIVATE}
        try:
            key = jwt.PyJWK.from_dict(public, ALGORITHM).key
        except (jwt.PyJWTError, TypeError, AttributeError):
            continue
        if isinstance(key, rsa.RSAPublicKey):
            found.append(Key(str(public.get("kid", "")), key, exposed))
    return tuple(found)


async def expect_stable_keys(web: Web) -> None:
    """Every call gives the same keys, whichever pod answers. Raises Broken."""
    published = await _asked_often(web)
    if finding := explain_exposure(published[0]) or explain_difference(published):
        raise Broken(finding)


def explain_exposure(keys: tuple[Key, ...]) -> Finding | None:
    """Name a key whose private half is published; None where none is; pure."""
    for key in keys:
        if key.private_members:
            observed = f"JWKS publishes {', '.join(key.private_members)} of the key {key.kid}"
            cause = "auth-service: it publishes its private key, with which anybody signs tokens"
            return Finding(Code.ENDPOINT_EXPOSED, observed, cause)
    return None


async def _asked_often(web: Web) -> list[tuple[Key, ...]]:
    """At once, since one by one two scenarios could each meet the same pod every time."""
    return await asyncio.gather(*(fetch_keys(web) for _ in range(ASKED)))


async def expect_keys_verify(web: Web, token: str) -> None:
    """The keys are strong, verify `token` and are those that openid-configuration speaks of. Raises
    Broken.
    """
    answer = await web.ask("GET", web.target.hosts.api + OPENID)
    configuration = expect_shape(answer, Envelope.RAW, OpenId)
    if finding := await find_key_problem(web, token) or explain_openid(configuration, token):
        raise Broken(finding)


async def find_key_problem(web: Web, token: str) -> Finding | None:
    """Name why who checks `token` by the keys of one pod or the other may refuse it; None where
    none does.
    """
    return next(filter(None, (explain(keys, token) for keys in await _asked_often(web))), None)


async def expect_no_key_problem(web: Web, token: str) -> None:
    """Raises Broken where `find_key_problem` names one."""
    if finding := await find_key_problem(web, token):
        raise Broken(finding)


def _identities(keys: Sequence[Key]) -> frozenset[tuple[str, int]]:
    return frozenset((key.kid, key.modulus) for key in keys)


def explain_difference(seen: Sequence[tuple[Key, ...]]) -> Finding | None:
    """Name a difference between the answers of several calls; None where there is none; pure."""
    kinds = Counter(map(_identities, seen))
    if len(kinds) == 1:
        return None
    shown = "; ".join(
        f"{', '.join(sorted(map(_describe_key, kind)))} ({times} times)"
        for kind, times in kinds.items()
    )
    return Finding(
        Code.JWKS_UNSTABLE,
        f"{len(seen)} calls of JWKS gave {len(kinds)} sets of keys: {shown}",
        OWN_KEYS,
    )


def _describe_key(key: tuple[str, int]) -> str:
    return f"{key[0]} with modulus {hashlib.sha256(str(key[1]).encode()).hexdigest()[:6]}"


def explain(keys: Sequence[Key], token: str) -> Finding | None:
    """Name why `keys` do not serve those who check `token`; None where they do; pure."""
    if weak := next((key for key in keys if key.public.key_size < STRONG), None):
        observed = f"the key {weak.kid} has {weak.public.key_size} bits, {STRONG} are the least"
        return Finding(Code.CONTRACT_BROKEN, observed, "auth-service: JWT_RSA_PRIVATE_KEY")
    kid = jwt.get_unverified_header(token).get("kid", "")
    named = [key for key in keys if key.kid == kid]
    if not named:
        has = ", ".join(key.kid for key in keys)
        return Finding(
            Code.JWKS_UNSTABLE, f"an access token names the key {kid!r}, JWKS has {has}", OWN_KEYS
        )
    if any(_verifies(key, token) for key in named):
        return None
    return Finding(
        Code.JWKS_UNSTABLE,
        f"a good access token is not signed with the {kid} that JWKS shows",
        OWN_KEYS,
    )


def _verifies(key: Key, token: str) -> bool:
    try:
        jwt.decode(
            token,
            key.public,
            algorithms=[ALGORITHM],
            # Its times are of auth-service's clock, and say nothing of who signed it.
            options={
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
                "verify_aud": False,
            },
        )
    except jwt.InvalidTokenError:
        return False
    return True


def explain_openid(configuration: Mapping[str, Any], token: str) -> Finding | None:
    """Name what openid-configuration says otherwise than the tokens do; None where they agree;
    pure.
    """
    issuer = claims(token).get("iss")
    wrong = [
        text
        for text, holds in (
            (
                f"issuer {configuration.get('issuer')!r}, tokens say {issuer!r}",
                configuration.get("issuer") == issuer,
            ),
            (
                f"jwks_uri {configuration.get('jwks_uri')!r}",
                urlsplit(str(configuration.get("jwks_uri"))).path.endswith(JWKS_PATH),
            ),
            (
                f"no {ALGORITHM} among its algorithms",
                ALGORITHM in configuration.get(ALGORITHMS, [ALGORITHM]),
            ),
        )
        if not holds
    ]
    return (
        Finding(
            Code.CONTRACT_BROKEN, f"openid-configuration has {'; '.join(wrong)}", "auth-service"
        )
        if wrong
        else None
    )
