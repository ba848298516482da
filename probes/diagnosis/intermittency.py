"""Does it break each time, or at times? What failed is asked again on fresh connections, at every
address of the name, and told as intermittent where only some of that fails.

Reads only, and once for each kind of break: where the first repeats all fail it breaks each time,
and nothing of the finding changes.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from probes.config.environment import Target
from probes.finding import FEWEST_FAILURES, Broken, CannotAsk, Code, Finding, Judge
from probes.recording.recorder import Exchange, Recorder
from probes.transport.fresh_connections import addresses, fresh_web, turn
from probes.transport.http import Answer, Web, service

MOST_REPEATS = 12
# So many in a row are taken for each time: where one in two fails, one break in thirty is told so.
EACH_TIME = 5
REPEAT_TIMEOUT_S = 3.0
# All of them; where each takes its time, so many are asked at once.
REPEATS_TIMEOUT_S, SLOW_REPEATS_TIMEOUT_S, AT_ONCE = 15.0, 4.0, 6
BUDGET_S = 60.0  # of one run, for all that it asks again
ONCE = "/api/oauth2/"  # a leg of sign-in: its code and its state are good once
# How a question was not answered; what these say of an answer another answer can say, too.
REPEATABLE = frozenset(
    {
        Code.ACCESS_REFUSED,
        Code.ASSET_BROKEN,
        Code.CONTRACT_BROKEN,
        Code.DEPENDENCY_DEGRADED,
        Code.EDGE_ERROR_PAGE,
        Code.EDGE_HTML_FALLBACK,
        Code.EDGE_MASKS_ERRORS,
        Code.EDGE_S3_ERROR,
        Code.HOST_UNREACHABLE,
        Code.LOAD_BALANCER_ERROR,
        Code.PROXY_ERROR,
        Code.ROUTE_BROKEN,
        Code.SERVICE_STALLED,
        Code.SERVICE_UNAVAILABLE,
        Code.TLS_INVALID,
        Code.UNKNOWN_PAGE,
    }
)
OF_THE_HOST = (Code.HOST_UNREACHABLE, Code.TLS_INVALID)
OWN_HEADERS = ("host", "connection", "traceparent", "x-request-id", "content-length")
ORDINALS = {2: "second", 3: "third", 4: "fourth"}

Refine = Callable[[Finding, Recorder], Awaitable[Finding]]


@dataclass(frozen=True, slots=True)
class Repeat:
    """The question asked once more: at which address, and whether that failed."""

    address: str
    has_failed: bool


@dataclass(frozen=True, slots=True)
class Question:
    """What failed, as it can be asked again."""

    finding: Finding
    exchange: Exchange
    judge: Judge
    addresses: tuple[str, ...]

    @property
    def is_slow(self) -> bool:
        """Whether each repeat may take all of its time."""
        return "timed out" in self.finding.observed or self.finding.code is Code.SERVICE_STALLED

    @property
    def kind(self) -> tuple[str, ...]:
        """What breaks of the same kind have in common: the host, the service, the code."""
        exchange, code = self.exchange, self.finding.code
        who = "" if code in OF_THE_HOST else service(exchange.url)
        return urlsplit(exchange.url).netloc, who, code, str(exchange.status)


class Repeater:
    """Asks again what failed in one run, before `refine` diagnoses it."""

    def __init__(self, web: Web, refine: Refine) -> None:
        self._web, self._refine = web, refine
        self._turns: dict[tuple[str, ...], asyncio.Lock] = {}
        self._each_time: set[tuple[str, ...]] = set()
        self._left_s = BUDGET_S

    async def refine(self, finding: Finding, recorder: Recorder) -> Finding:
        """The finding as `intermittent` where it breaks at times; else as `refine` has it."""
        exchange = recorder.last
        repeats: Sequence[Repeat] = ()
        if exchange and is_repeatable(self._web.target, finding, exchange):
            recorder.subject = exchange  # the repeats are recorded after it
            repeats = await self._repeats(finding, exchange, recorder.answer_judge)
        failed = sum(repeat.has_failed for repeat in repeats)
        if 0 < failed < len(repeats):
            return intermittent(finding, repeats)
        refined = await self._refine(finding, recorder)
        return refined if failed else replace(refined, repeats=len(repeats))

    async def _repeats(
        self, finding: Finding, exchange: Exchange, judge: Judge | None
    ) -> Sequence[Repeat]:
        """None where it is known of its kind that it breaks each time, or no time is left."""
        judged = judge or _like(finding, exchange)
        if judged(_answer(exchange)) is None and not exchange.error:
            return ()  # another answer is meant
        try:
            found = await addresses(self._web.target, exchange.url)
        except OSError:
            return ()
        question = Question(finding, exchange, judged, found)
        async with self._turns.setdefault(question.kind, asyncio.Lock()):
            if question.kind in self._each_time or self._left_s <= 0:
                return ()
            began = time.monotonic()
            repeats = await self._ask_all(question)
            self._left_s -= time.monotonic() - began
            if all(repeat.has_failed for repeat in repeats):
                self._each_time.add(question.kind)
        return repeats

    async def _ask_all(self, question: Question) -> Sequence[Repeat]:
        repeats: list[Repeat] = []
        step, timeout_s = 1, REPEATS_TIMEOUT_S
        if question.is_slow:
            step, timeout_s = AT_ONCE, SLOW_REPEATS_TIMEOUT_S
        end = time.monotonic() + timeout_s
        for begin in range(0, MOST_REPEATS, step):
            if is_each_time(repeats, len(question.addresses)) or time.monotonic() >= end:
                break
            wave = [self._ask(question, begin + each) for each in range(step)]
            repeats += [repeat for repeat in await asyncio.gather(*wave) if repeat]
        return repeats

    async def _ask(self, question: Question, number: int) -> Repeat | None:
        """None where we could not ask, or were refused as probes."""
        address = question.addresses[turn(number, len(question.addresses))]
        try:
            async with asyncio.timeout(REPEAT_TIMEOUT_S), fresh_web(self._web, address) as fresh:
                problem = question.judge(await _read(fresh, question.exchange))
        except Broken as failure:
            problem = failure.finding
        except TimeoutError:
            return Repeat(address, has_failed=True) if question.is_slow else None
        except CannotAsk:
            return None
        if problem and problem.code is Code.UNKNOWN:
            return None
        return Repeat(address, has_failed=problem is not None)


async def _read(fresh: Web, exchange: Exchange) -> Answer:
    sent = exchange.request_headers.items()
    headers = {name: value for name, value in sent if name.lower() not in OWN_HEADERS}
    method = "HEAD" if exchange.method == "HEAD" else "GET"
    return await fresh.ask(method, exchange.url, headers=headers)


def is_repeatable(target: Target, finding: Finding, exchange: Exchange) -> bool:
    """Whether asking again changes nothing, and would tell; pure."""
    if finding.code not in REPEATABLE or finding.rungs:
        return False
    if exchange.kind == "http" and exchange.method not in ("GET", "HEAD"):
        return False
    parts = urlsplit(exchange.url)
    if exchange.kind not in ("http", "tls") or parts.path.startswith(ONCE):
        return False
    hosts = target.hosts
    livekit = target.livekit.origin if target.livekit else ""
    return f"{parts.scheme}://{parts.netloc}" in (hosts.apex, hosts.api, hosts.cdn, livekit)


def _answer(exchange: Exchange) -> Answer:
    headers = {name.lower(): value for name, value in exchange.response_headers.items()}
    status, body = exchange.status or 0, exchange.response_body
    return Answer(exchange.method, exchange.url, status, headers, body)


def _like(finding: Finding, exchange: Exchange) -> Judge:
    """Of a verb that keeps its judgement to itself: what looks like the answer that failed fails,
    and so does an error of a server.
    """
    first = _answer(exchange)

    def judge(answer: Answer) -> Finding | None:
        looks_alike = (answer.status, answer.media_type) == (first.status, first.media_type)
        is_same = looks_alike and not exchange.error
        return finding if is_same or answer.status >= 500 else None

    return judge


def is_each_time(repeats: Sequence[Repeat], addresses: int) -> bool:
    """Whether enough was asked, everywhere, and all of it failed; pure."""
    wanted = max(EACH_TIME, addresses)
    return len(repeats) >= wanted and all(repeat.has_failed for repeat in repeats)


def intermittent(finding: Finding, repeats: Sequence[Repeat]) -> Finding:
    """`finding`, that breaks at times: how often, and where; pure."""
    failed = sum(repeat.has_failed for repeat in repeats)
    observed = (
        f"{finding.observed}; asked again on fresh connections, {failed} of {len(repeats)} failed"
    )
    return Finding(
        Code.INTERMITTENT,
        observed + _pattern(repeats),
        f"{_instance(repeats)}; {finding.cause}",
        reproduce_command=_in_a_row(finding.reproduce_command, len(repeats)),
        failed_repeats=failed,
        repeats=len(repeats),
    )


def _in_a_row(command: str, times: int) -> str:
    return f"for n in $(seq {times}); do {command}; echo; done" if command else ""


def _pattern(repeats: Sequence[Repeat]) -> str:
    """How the failures lie; "" where nothing can be said."""
    if where := bad_addresses(repeats):
        return f", all on {' and '.join(where)}"
    if period := period_of(repeats):
        return f", every {ORDINALS[period]} connection"
    failed = [repeat.address for repeat in repeats if repeat.has_failed]
    others = {repeat.address for repeat in repeats} - set(failed)
    if others and len(failed) >= FEWEST_FAILURES:
        return f", all on {' and '.join(sorted(set(failed)))}"
    return ""


def _instance(repeats: Sequence[Repeat]) -> str:
    """What of the target fails, as far as the failures tell."""
    if where := bad_addresses(repeats):
        asked = len({repeat.address for repeat in repeats})
        return f"{len(where)} of {asked} addresses of the name, {' and '.join(where)}"
    if period := period_of(repeats):
        return f"one of {period} instances that take turns (pods, or nodes of the load balancer)"
    return "one of several instances (pods, or nodes of the load balancer), or one at times"


def bad_addresses(repeats: Sequence[Repeat]) -> tuple[str, ...]:
    """Addresses that failed each time, more than once, where no other failed at all; pure."""
    failed = {repeat.address for repeat in repeats if repeat.has_failed}
    answered = {repeat.address for repeat in repeats if not repeat.has_failed}
    times = Counter(repeat.address for repeat in repeats)
    if failed & answered or not answered or min((times[each] for each in failed), default=0) < 2:
        return ()
    return tuple(sorted(failed))


def period_of(repeats: Sequence[Repeat]) -> int:
    """2 where every second repeat failed, 3 or 4 likewise; 0 where there is no such order; pure."""
    failed = [number for number, repeat in enumerate(repeats) if repeat.has_failed]
    for period in ORDINALS:
        expected = list(range(failed[0] % period, len(repeats), period)) if failed else []
        if len(failed) >= 3 and failed == expected:
            return period
    return 0
