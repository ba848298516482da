"""What another status than the promised one means, by the words that came with it; pure."""

from probes.finding import Code, Finding
from probes.transport import caching, service_words
from probes.transport.admission import holds_data
from probes.transport.http import Answer
from probes.transport.lost_on_the_way import lost_part


def quote(answer: Answer) -> str:
    """The service's own words, to be put behind an observation."""
    return f', "{answer.words}"' if answer.words else ""


def explain_status(answer: Answer, wanted: int, who: str) -> Finding:
    """Name what is wrong with a status that is not `wanted`, by the service `who`; pure."""
    quoted, meant = quote(answer), service_words.meaning(service_words.message(answer.body), who)
    match answer.status:
        case _ if lost := _find_lost_part(answer):
            observed = f"{answer}{quoted}, and {lost} was sent"
            return Finding(Code.REQUEST_STRIPPED, observed, stripped_cause(lost, who))
        case 404 if answer.json is None:
            observed = f"{answer}: no route there{quoted}"
            return Finding(Code.ROUTE_BROKEN, observed, "the gateway's route or rewrite")
        case 503 if b"no healthy upstream" in answer.body:
            observed = f"{answer}: no healthy upstream"
            cause = f"no pod of {who} is ready, or the gateway's subset of it selects none"
            return Finding(Code.SERVICE_UNAVAILABLE, observed, cause)
        case status if status >= 500:
            observed = f"{answer} where {wanted} was promised{quoted}"
            return Finding(Code.SERVICE_UNAVAILABLE, observed, meant or who)
        case 401 | 403 if wanted < 400:
            observed = f"{answer} to a member{quoted}"
            cause = meant or f"token or membership check of {who}"
            return Finding(Code.ACCESS_REFUSED, observed, cause)
        case status if status < 300 and wanted in (401, 403):
            return explain_success(answer, "a stranger", who)
    observed = f"{answer} where {wanted} was promised{quoted}"
    return Finding(Code.CONTRACT_BROKEN, observed, meant or who)


def _find_lost_part(answer: Answer) -> str:
    return lost_part(answer.request, answer.status, answer.words) if answer.request else ""


def stripped_cause(lost: str, who: str) -> str:
    """The cause where `lost`, a part of the request, did not come to `who`, until the ladder has
    asked the api host; pure.
    """
    return (
        f"edge or gateway: {lost} does not reach {who}; the same question to the api host tells "
        "which of them drops it"
    )


def explain_success(answer: Answer, whom: str, who: str) -> Finding:
    """Name what a success is that `whom` got in place of a refusal; pure. Only data that the
    admitted get accuses the service `who` of having let somebody in.
    """
    if holds_data(answer):
        cause = f"access check of {who}"
        return Finding(Code.STRANGER_ADMITTED, f"{answer} to {whom}", cause)
    return explain_unproven(answer, whom, who)


def explain_unproven(answer: Answer, whom: str, who: str) -> Finding:
    """Name a success for `whom`, who is to be refused, that does not show that they were let in;
    pure.
    """
    if marks := caching.stored_marks(answer.headers):
        observed = f"{answer} to {whom} ({marks}): nobody was asked whether they may"
        return Finding(Code.CACHED_ANSWER, observed, caching.CAUSE.format(who=who))
    observed = f"{answer} to {whom} with {len(answer.body)} bytes, where a refusal was promised"
    cause = (
        f"{who}, or whoever answers in its place: it does not refuse, and nothing shows that it "
        "let anybody in"
    )
    return Finding(Code.CONTRACT_BROKEN, f"{observed}{quote(answer)}", cause)
