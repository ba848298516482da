"""ops-service's word on who somebody is, and why it sends a portal user away (V6 §7, contract
6).
"""

from probes.auth.tokens import claims
from probes.finding import Code, Finding
from probes.transport import envelopes
from probes.transport.http import Answer

ME = "/api/ops/api/users/me"
NO_EMAIL = (
    "auth-service mints tokens without the email claim, by which ops-service knows its users "
    "(f4687cde)"
)
NOT_VERIFIED = (
    "ops-service does not verify what auth-service signs: each auth pod has a key of its "
    "own (90cd4d3e), or ops-service"
    " asks another JWKS (V6 §7, ISTIO_JWT_MODE)"
)
NO_ROW = (
    "ops-service: portal_users has no row for this e-mail, and nothing in the portal makes one "
    "(contract 6)"
)


def explain(answer: Answer, token: str) -> Finding | None:
    """Name why a portal user is not told who they are; None where they are; pure."""
    reason = message(answer)
    observed = f"{answer} to a portal user" + (f", saying {reason!r}" if reason else "")
    if answer.status == 401:
        cause = NO_EMAIL if not claims(token).get("email") else NOT_VERIFIED
        return Finding(Code.OPS_SESSION_REJECTED, observed, cause)
    if answer.status == 403 and answer.json is not None:
        return Finding(Code.OPS_USER_MISSING, observed, NO_ROW)
    return envelopes.explain(answer, 200)


def message(answer: Answer) -> str:
    """What ops-service says of a refusal, in either of its envelopes."""
    match answer.json:
        case {"error": {"message": str(reason)}} | {"message": str(reason)}:
            return reason
    return ""
