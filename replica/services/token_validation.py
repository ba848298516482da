"""What a service makes of a token: the switch ISTIO_JWT_MODE of each service, and the faults that
bend it.

HTTP goes by the service's mode: validating, or only parsing where Istio is said to have validated.
Sockets and streams always validate (contract §2.5).
"""

from typing import Any

import jwt
from starlette.datastructures import Headers
from starlette.requests import Request

from replica.services import auth_tokens
from replica.services.auth_tokens import AuthError
from replica.services.response_formats import Refusal, refuse_unauthorized
from replica.state import ReplicaState

Claims = dict[str, Any]

ISTIO_JWT_MODE = {
    "user",
    "board",
    "chat",
    "noti",
    "storage",
}  # "true" in production's shared configuration


def claims_of_request(request: Request) -> Claims:
    """The claims of the access token in the header, as far as the service looks at it. Raises
    Refusal.
    """
    state, service = request.app.state.replica, request.app.state.service
    token = bearer_token(request.headers)
    if is_parse_only(state, service):
        return _parse_unverified(token)
    if service == "storage" and state.is_fault_active("service-accepts-alg-none"):
        claims = _claims_of_unsigned(token)
        if claims:
            return claims
    return validate_token(state, token, expired=state.is_fault_active("services-ignore-expiry"))


def bearer_token(headers: Headers) -> str:
    sent = headers.get("authorization", "")
    if not sent:
        raise refuse_unauthorized("Authorization header is required")
    match sent.split(" "):
        case [scheme, token] if scheme.lower() == "bearer":
            return token
    raise refuse_unauthorized("Invalid authorization header format")


def is_parse_only(state: ReplicaState, service: str) -> bool:
    """Whether the service leaves it to Istio to validate, which nobody told to."""
    if service == "ops":
        return state.is_fault_active("ops-parses-without-verifying")
    trusting = state.production or state.is_fault_active("services-trust-unverified-tokens")
    return trusting and service in ISTIO_JWT_MODE


def validate_token(state: ReplicaState, token: str, *, expired: bool = False) -> Claims:
    """The claims of a token as SmartValidator sees them: auth-service first, and the JWKS when that
    says no, which never heard of a logout. Raises Refusal.
    """
    try:
        return ask_auth_service(state, token)
    except Refusal:
        return _check_with_jwks(state, token, expired=expired)


def ask_auth_service(state: ReplicaState, token: str) -> Claims:
    """The claims of a token that auth-service calls valid. Raises Refusal."""
    try:
        return auth_tokens.validate(state, state.key, token)
    except AuthError:
        raise refuse_unauthorized("Invalid or expired token") from None


def _check_with_jwks(state: ReplicaState, token: str, *, expired: bool) -> Claims:
    try:
        claims = state.key.read(token, expired=expired)
    except jwt.InvalidTokenError:
        raise refuse_unauthorized("Invalid or expired token") from None
    if claims.get("type") != "access" and not auth_tokens.ignores_type(state):
        raise refuse_unauthorized("Invalid or expired token")
    return claims


def _parse_unverified(token: str) -> Claims:
    try:
        claims: Claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise refuse_unauthorized("Failed to parse token") from None
    if not claims.get("sub"):
        raise refuse_unauthorized("Failed to parse token")
    return claims


def _claims_of_unsigned(token: str) -> Claims | None:
    """The claims of a token that says of itself that it is not signed."""
    try:
        if str(jwt.get_unverified_header(token).get("alg")).lower() != "none":
            return None
    except jwt.InvalidTokenError:
        return None
    return _parse_unverified(token)
