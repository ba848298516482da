"""ops-service's word on who somebody is, and why it sends a portal user away (V6 §7, contract
6).
"""

from probes.auth.tokens import claims
from probes.finding import Code, Finding
from probes.transport import envelopes, service_words
from probes.transport.http import Answer

ME = "/api/ops/api/users/me"
NO_EMAIL = (
    "auth-service mints tokens without the email claim, by which ops-service knows its users "
    "(f4687cde)"
)
NO_VALIDATOR = (
    "ops-service has no token validator, so that it reads nothing from any token "
    "(ISTIO_JWT_MODE=false with an image before 0aee35e6, contract 6)"
)
NOT_VERIFIED = (
    "ops-service does not verify what auth-service signs: each auth pod has a key of its "
    "own (90cd4d3e), or ops-service"
    " asks another JWKS (V6 §7, ISTIO_JWT_MODE)"
)
NO_HEADER = "what stands before ops-service: the Authorization header does not come to it"
NO_ROW = (
    "ops-service: portal_users has no row for this e-mail, and nothing in the portal makes one "
    "(contract 6)"
)
INACTIVE = "ops-service: the user's row in portal_users has is_active=false"
# What ops-service says of a refusal, in lower case (contract 6), and what that means; a token's own
# claims are asked where the words fit two causes.
WORDS = (
    ("no token validator", NO_VALIDATOR),
    ("inactive", INACTIVE),
    ("not a portal user", NO_ROW),
    ("authorization header", NO_HEADER),
    ("invalid or expired token", NOT_VERIFIED),
    ("failed to parse token", NOT_VERIFIED),
    ("invalid token", NOT_VERIFIED),
)


def explain(answer: Answer, token: str) -> Finding | None:
    """Name why a portal user is not told who they are; None where they are; pure."""
    reason = service_words.error_message(answer.json)
    observed = f"{answer} to a portal user" + (f", saying {reason!r}" if reason else "")
    if answer.status == 401:
        cause = _cause_of(reason, token) or f"ops-service: why it refuses, its log tells ({reason})"
        return Finding(Code.OPS_SESSION_REJECTED, observed, cause)
    if answer.status == 403 and answer.json is not None:
        cause = _cause_of(reason, token) or f"ops-service's access rule ({reason or 'no word'})"
        return Finding(Code.OPS_USER_MISSING, observed, cause)
    return envelopes.explain(answer, 200)


def _cause_of(reason: str, token: str) -> str:
    """The cause that the service's own words name; empty where they name none."""
    words = reason.lower()
    if "email" in words and "token" in words:
        return NO_EMAIL if not claims(token).get("email") else NO_VALIDATOR
    named = next((cause for known, cause in WORDS if known in words), "")
    return named or (NO_EMAIL if not claims(token).get("email") else "")
