"""Causes that look alike from afar, and what tells them apart: a table, and a pure choice from it.

A rival stands where what it needs was observed and nothing that refutes it. Where several stand,
the cause names them all and the one command that would tell.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from probes.finding import Code, Finding
from probes.transport import caching
from probes.transport.envelopes import MASKED
from probes.transport.http import Answer, service
from probes.transport.redirects import explain_redirect

Reply = Answer | str  # an answer, or the sentence that says why none came

# Codes that say who answered in the service's place, which is more than the edge's rung can say.
AUTHOR_KNOWN = frozenset(
    {
        Code.EDGE_ERROR_PAGE,
        Code.EDGE_S3_ERROR,
        Code.LOAD_BALANCER_ERROR,
        Code.PROXY_ERROR,
        Code.UNKNOWN_PAGE,
    }
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen of one question. `first`: the answer that was judged; `behind`: the api host's
    to the same question (`is_read`), or to a harmless one of the same service; `alive`: the apex's
    to that; `again`: the apex's to the same question, once more; `without`: the api host's to the
    question with one part left out, by the name of that part.
    """

    finding: Finding
    first: Answer
    behind: Reply
    is_read: bool = True
    alive: Reply = ""
    again: Reply = ""
    without: Mapping[str, Reply] = field(default_factory=dict)

    @property
    def who(self) -> str:
        return service(self.first.url)

    @property
    def is_passed_on(self) -> bool:
        """Whether JSON came through, be it an error."""
        return self.first.json is not None


Seen = Callable[[Evidence], bool]


@dataclass(frozen=True, slots=True)
class Rival:
    """`cause` may hold {who}, {seen} (the cause of the finding itself), {lost} (the part of the
    request that this cause names) and {redirect}. `needs`: what must have been observed; `refutes`:
    what rules it out. `code`: the finding's, where it is another than the finding has. `tells`: the
    command that tells it from the other rivals.
    """

    cause: str
    needs: Seen
    refutes: Seen = lambda _evidence: False
    code: Code | None = None
    tells: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """The cause, and the code where it is another than that of the finding."""

    cause: str
    code: Code | None


def choose(rivals: Sequence[Rival], evidence: Evidence) -> Choice | None:
    """The rivals that stand, as one cause; None where none does; pure."""
    standing = [rival for rival in rivals if _stands(rival, evidence)]
    if not standing:
        return None
    causes = list(dict.fromkeys(_cause_text(rival, evidence) for rival in standing))
    codes = {rival.code for rival in standing}
    code = codes.pop() if len(codes) == 1 else None
    if len(causes) == 1:
        return Choice(causes[0], code)
    alternatives = ", or ".join(causes)
    telling = next((rival.tells for rival in standing if rival.tells), "")
    if not telling:
        return Choice(alternatives, code)
    cause = f"{alternatives}; `{_fill(telling, evidence)}` tells which"
    return Choice(cause, code)


def _stands(rival: Rival, evidence: Evidence) -> bool:
    return rival.needs(evidence) and not rival.refutes(evidence)


def _cause_text(rival: Rival, evidence: Evidence) -> str:
    return _fill(rival.cause, evidence)


def _fill(text: str, evidence: Evidence) -> str:
    redirect = ""
    if "{redirect}" in text and isinstance(evidence.behind, Answer):
        redirect = explain_redirect(evidence.behind).cause
    seen = evidence.finding.cause
    lost = seen.removeprefix("edge or gateway: ").partition(" does not reach ")[0]
    return text.format(who=evidence.who, seen=seen, redirect=redirect, lost=lost)


def _answers_json(reply: Reply) -> bool:
    return isinstance(reply, Answer) and reply.json is not None


def _is_good(reply: Reply) -> bool:
    return isinstance(reply, Answer) and reply.status < 300 and reply.json is not None


def _is_same(one: Reply, other: Reply) -> bool:
    """Whether both are one and the same refusal, in the same words."""
    if isinstance(one, str) or isinstance(other, str):
        return False
    return one.status == other.status and one.words == other.words


def _is_kept_back(evidence: Evidence) -> bool:
    """The api host answers JSON, and the apex something else."""
    return _answers_json(evidence.behind) and not evidence.is_passed_on


def _is_stored(evidence: Evidence) -> bool:
    # Whose data it is, is worse than where it comes from.
    if evidence.finding.code is Code.FOREIGN_DATA:
        return False
    return evidence.is_read and bool(caching.stored_marks(evidence.first.headers))


def _is_spoilt(evidence: Evidence) -> bool:
    """The apex calls it JSON, twice, and it is none; at the api host it is."""
    replies = evidence.first, evidence.again
    called_json = [isinstance(each, Answer) and "json" in each.media_type for each in replies]
    is_read = evidence.is_read and _is_good(evidence.behind)
    return is_read and all(called_json) and not any(_answers_json(each) for each in replies)


def _says_the_same(evidence: Evidence) -> bool:
    """The service itself, asked past the cache, answers the same."""
    behind = evidence.behind
    if isinstance(behind, str) or caching.stored_marks(behind.headers):
        return False
    return (behind.status, behind.json) == (evidence.first.status, evidence.first.json)


def is_otherwise_behind(evidence: Evidence) -> bool:
    """The apex refuses in JSON what the api host gives, or refuses otherwise, and did so a second
    time: one refusal may be one pod's, or a moment's.
    """
    behind, again = evidence.behind, evidence.again
    refused = evidence.is_passed_on and evidence.first.status >= 400
    if not (refused and evidence.is_read and _answers_json(behind)) or isinstance(behind, str):
        return False
    is_again = not isinstance(again, str) and again.status == evidence.first.status
    return is_again and behind.status != evidence.first.status


def _is_better_behind(evidence: Evidence) -> bool:
    return is_otherwise_behind(evidence) and _is_good(evidence.behind)


def _answers_as_without(part: str) -> Seen:
    """The api host answers what the apex did, once `part` is left out."""

    def needs(evidence: Evidence) -> bool:
        answered = evidence.without.get(part, "")
        return is_otherwise_behind(evidence) and _is_same(answered, evidence.first)

    return needs


def _answers_as_without_any(evidence: Evidence) -> bool:
    return any(_answers_as_without(part)(evidence) for part in evidence.without)


POLICY = (
    "aws cloudfront get-distribution-config --id $ID --query "
    "DistributionConfig.CacheBehaviors.Items[].[PathPattern,OriginRequestPolicyId,CachePolicyId]"
)
AUTHORIZATION, WORKSPACE = "the header Authorization", "the header X-Workspace-Id"
QUERY = "the query"
PARTS = (AUTHORIZATION, WORKSPACE, QUERY)

CACHE = Rival(
    cause=caching.CAUSE,
    needs=_is_stored,
    refutes=_says_the_same,
    code=Code.CACHED_ANSWER,
    tells=POLICY,
)

EDGE: tuple[Rival, ...] = (
    CACHE,
    Rival(
        cause="{seen}",
        needs=lambda seen: _is_kept_back(seen) and seen.finding.code in AUTHOR_KNOWN,
    ),
    Rival(
        cause="edge behaviour or origin: /api/* does not reach the gateway",
        needs=_is_kept_back,
        refutes=lambda seen: _answers_json(seen.alive) or seen.finding.code in AUTHOR_KNOWN,
    ),
    Rival(
        cause="edge: what the api host answers whole is cut or changed on its way to the apex",
        needs=_is_spoilt,
    ),
    Rival(
        cause=MASKED,
        needs=lambda seen: (
            _is_kept_back(seen)
            and seen.finding.code is Code.EDGE_MASKS_ERRORS
            and _answers_json(seen.alive)
        ),
        refutes=lambda seen: not seen.is_read,
    ),
    *(
        Rival(
            cause=f"edge: CloudFront does not pass on {part} (its origin request policy)",
            needs=_answers_as_without(part),
            refutes=_is_stored,
            code=Code.REQUEST_STRIPPED,
            tells=POLICY,
        )
        for part in PARTS
    ),
    Rival(
        cause=(
            "edge: the api host answers {who} where the apex is refused the same question; what "
            "the edge changes of it is not known"
        ),
        needs=_is_better_behind,
        refutes=lambda seen: _is_stored(seen) or _answers_as_without_any(seen),
        tells=POLICY,
    ),
)


def _answers_status(status: int, *, empty: bool = False, words: bytes = b"") -> Seen:
    def needs(evidence: Evidence) -> bool:
        behind = evidence.behind
        if isinstance(behind, str) or behind.status != status or words not in behind.body:
            return False
        return not (empty and behind.body)

    return needs


_HAS_NO_PODS = _answers_status(503, words=b"no healthy upstream")
_TELLS_PODS = "kubectl get pods --show-labels"


def _is_dropped_behind(evidence: Evidence) -> bool:
    """The service says at the api host, too, that it lacks what was sent."""
    if evidence.finding.code is not Code.REQUEST_STRIPPED or isinstance(evidence.behind, str):
        return False
    at_api_host = urlsplit(evidence.behind.url).netloc == urlsplit(evidence.first.url).netloc
    return at_api_host or (evidence.is_read and _is_same(evidence.behind, evidence.first))


GATEWAY: tuple[Rival, ...] = (
    CACHE,
    Rival(cause="gateway: {lost} does not reach {who}", needs=_is_dropped_behind),
    Rival(
        cause="gateway subset of {who}: its DestinationRule selects no pod (a4263252)",
        needs=_HAS_NO_PODS,
        tells=_TELLS_PODS,
    ),
    Rival(
        cause="no pod of {who} is ready (database, redis)",
        needs=_HAS_NO_PODS,
        tells=_TELLS_PODS,
    ),
    Rival(
        cause="gateway: no route for this path",
        needs=_answers_status(404, empty=True),
    ),
    Rival(
        cause="{redirect}",
        needs=lambda seen: not isinstance(seen.behind, str) and 300 <= seen.behind.status < 400,
    ),
)
