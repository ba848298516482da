"""auth-service, tokens: what it makes of a token, and the codes and words of its refusals (contract
§2.2, §2.3).

weAlist's looks at neither the type nor the issuer, and so does everybody who asks it. The healthy
replica is the repaired one; in production's mode, and under two faults, it is as weAlist's is.
"""

from typing import Any

import jwt

from replica.signing_key import ISSUER, SigningKey
from replica.state import ReplicaState

Claims = dict[str, Any]

ERRORS = {
    "AUTH001": "유효하지 않은 토큰입니다.",
    "AUTH002": "만료된 토큰입니다.",
    "AUTH003": "토큰 서명이 유효하지 않습니다.",
    "AUTH004": "잘못된 형식의 토큰입니다.",
    "AUTH005": "지원하지 않는 토큰입니다.",
    "AUTH006": "이미 로그아웃된 토큰입니다.",
}


class AuthError(Exception):
    """A refusal with one of auth-service's own codes: 401 unless said otherwise."""

    def __init__(self, code: str, message: str = "", status: int = 401) -> None:
        super().__init__(code)
        self.code, self.message, self.status = code, message or ERRORS[code], status


def read(key: SigningKey, token: str) -> Claims:
    """The claims of a token that the key has signed and that is alive. Raises AuthError."""
    try:
        return key.read_signed(token)
    except jwt.ExpiredSignatureError:
        raise AuthError("AUTH002") from None
    except jwt.InvalidSignatureError:
        raise AuthError("AUTH003") from None
    except jwt.InvalidAlgorithmError:
        raise AuthError("AUTH005") from None
    except jwt.DecodeError:
        raise AuthError("AUTH004") from None
    except jwt.InvalidTokenError:
        raise AuthError("AUTH001") from None


def validate(state: ReplicaState, key: SigningKey, token: str) -> Claims:
    """The claims of a token that auth-service calls valid. Raises AuthError."""
    claims = read(key, token)
    if token in state.blacklist:
        raise AuthError("AUTH006")
    if claims.get("iss") != ISSUER and not ignores_issuer(state):
        raise AuthError("AUTH001")
    if claims.get("type") != "access" and not ignores_type(state):
        raise AuthError("AUTH001")
    return claims


def ignores_type(state: ReplicaState) -> bool:
    return state.production or state.is_fault_active("refresh-token-serves-as-access")


def ignores_issuer(state: ReplicaState) -> bool:
    return state.production or state.is_fault_active("auth-validates-foreign-issuers")
