"""Which names make a secret of their value, and which values look like one by themselves; pure.

Sources: AWS SigV4, SigV2 and POST policy, GCS and Azure signed URLs, OAuth 2.0 (RFC 6749), OpenID
Connect, SAML 2.0 bindings, JWK (RFC 7517, 7518).
"""

import functools
import itertools
import re
from urllib.parse import unquote

KEY = r"credential|access[-_ ]?key(?:[-_ ]?id)?|googleaccessid"
_BEGINS = r"(?:(?<![A-Za-z0-9_.-])|(?<=%3F)|(?<=%26)|(?<=%23))"
# Names that mean a secret in a query, but often mean something else ("code": "NOT_FOUND")
# elsewhere.
_DOUBTFUL = rf"{_BEGINS}(?:code|state|policy|sig)"
NAME = (
    rf"(?:secret(?:[-_ ]?access)?(?:[-_ ]?key)?|{KEY}|{_DOUBTFUL}|token|jwt"
    r"|signature|authorization|passw(?:or)?d"
    r"|passphrase|(?:api|private|signing|encryption|account|shared|session|storage)[-_ ]?key)"
)
# Names that mean a secret in a query or a fragment only.
QUERY_NAME = (
    rf"(?:{NAME}|{_BEGINS}(?:j?session(?:[-_]?id)?|php?sessid|sid|ticket|otp|pin|pwd|pass|auth"
    r"|assertion|saml(?:request|response|art)|code[-_]?verifier|refresh|access))"
)
# RFC 7518 section 6: what of a JSON Web Key is private.
PRIVATE_KEY_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

PLAIN_WORD = re.compile(r"[A-Z]?[a-z]{1,20}|[가-힣]{1,20}")
# "storage-service has another": a word with hyphens, and the sentence goes on.
_HYPHENATED = re.compile(r"[A-Za-z][a-z]*(?:-[A-Za-z]?[a-z]+)+")
_SENTENCE_GOES_ON = re.compile(r",?[ \t][A-Za-z가-힣]")
_LIVEKIT_KEY = re.compile(r"API[A-Za-z0-9]{2,20}")
_KEY_ID = re.compile(r"[A-Za-z][\w-]{0,31}")
_LOOKS_SECRET = re.compile(r"(?=[^0-9]*+[0-9])(?=[^A-Za-z]*+[A-Za-z])\S{24,}+")
_NAME_AT_END = re.compile(rf"{NAME}\Z", re.IGNORECASE)
_DOUBTFUL_AT_END = re.compile(rf"{_DOUBTFUL}\Z", re.IGNORECASE)
_API_KEY = re.compile(r"api[-_ ]?key\Z", re.IGNORECASE)

_LONGEST_NAME = 64  # characters of a name that is worth remembering; most come a thousand times
_RANDOM_LENGTH = 20  # characters; 100 bits in base32
_HEX_LENGTH = 32
_CHANGES = 0.2  # of neighbours; 0.4 in random text, 0.15 in words that are written together
_CHANGE = frozenset({("a", "A"), ("a", "0"), ("A", "0"), ("0", "a"), ("0", "A")})
_OPAQUE = re.compile(r"[A-Za-z0-9._~+/=-]{20,}")
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# Public by their names, however random they look: ids, builds, digests, what an S3 store is asked.
_PUBLIC = re.compile(
    r"(?:id|sha-?\d*|md5|etag|commit|rev|revision|version|v|build|checksum|digest|traceparent"
    r"|date|challenge|kid|signedheaders|(?:file|object)?key|(?:file)?name)\Z",
    re.IGNORECASE,
)


def kind(name: str) -> str:
    """What a secret that is called `name` is: key, signature, policy, token, or just secret."""
    name = re.sub("[-_ ]", "", name.lower())
    if "secret" not in name and re.search(rf"(?:{KEY})\Z", name):
        return "key"
    found = re.search(r"signature\Z|sig\Z|policy\Z|token\Z", name)
    return {"sig": "signature"}.get(found[0], found[0]) if found else "secret"


def ends_secret(name: str) -> bool:
    return _name_ends(name)[0]


def _name_ends(name: str) -> tuple[bool, bool]:
    """Whether `name` ends as a secret's does, and whether that is doubtful."""
    return _known_ends(name) if len(name) <= _LONGEST_NAME else _judge_ends(name)


def _judge_ends(name: str) -> tuple[bool, bool]:
    is_doubtful = _DOUBTFUL_AT_END.search(name) is not None
    return _NAME_AT_END.search(name) is not None, is_doubtful


_known_ends = functools.lru_cache(2048)(_judge_ends)


def is_secret(name: str, value: str) -> bool:
    """Whether `name` alone makes a secret of `value`."""
    if _name_ends(name)[1]:
        return _LOOKS_SECRET.match(value) is not None
    if _API_KEY.search(name) and _LIVEKIT_KEY.fullmatch(value):
        return False  # LiveKit's key is an id; its secret has another name
    return ends_secret(name)


def is_prose(name: str, value: str, rest: str) -> bool:
    """Whether `name: value`, which goes on with `rest`, is a sentence: "invalid token: expired"
    says what is wrong and gives nothing away.
    """
    if name.lower().startswith("pass"):
        return False
    if PLAIN_WORD.fullmatch(value):
        return True
    return bool(_HYPHENATED.fullmatch(value) and _SENTENCE_GOES_ON.match(rest))


def is_key_id(before: str, name: str, value: str) -> bool:
    """Whether LiveKit names a key by its id: "invalid API key: devkey" (livekit/protocol)."""
    is_refusal = f"{before}{name}".endswith("invalid API key")
    return is_refusal and bool(_KEY_ID.fullmatch(value)) and not is_random(value)


def is_random(value: str) -> bool:
    """Whether nobody has thought of `value`: long, without words. Ids are none of it, nor a path
    with ids in it.
    """
    value = _UUID.sub("", value)
    if len(value) < _RANDOM_LENGTH or not _OPAQUE.fullmatch(value):
        return False
    classes = [_class(character) for character in value if character.isalnum()]
    if set(classes) in ({"0"}, {"a"}, {"A"}):
        return False
    if _HEX.fullmatch(value):
        return len(value) >= _HEX_LENGTH
    changes = sum(pair in _CHANGE for pair in itertools.pairwise(classes))
    return changes >= _CHANGES * len(classes)


def is_random_parameter(name: str, value: str) -> bool:
    """Whether `value`, which a query or a fragment calls `name`, is a token by its looks."""
    return not _PUBLIC.search(unquote(name)) and is_random(unquote(value))


def _class(character: str) -> str:
    if character.isdecimal():
        return "0"
    return "A" if character.isupper() else "a"
