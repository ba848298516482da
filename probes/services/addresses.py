"""That a host is served at each of its addresses, and on each new connection."""

from probes.finding import Broken, CannotAsk, Code, Finding, NotApplicable
from probes.recording.recorder import current
from probes.transport.connection_errors import Phase, failure
from probes.transport.fresh_connections import addresses, fresh_web, turn
from probes.transport.http import Answer, Web

# So many show one instance of four that is bad, where they take turns.
CONNECTIONS = 4
INSTANCE = "an instance behind the name (load balancer, CDN or gateway)"


async def expect_all_served(web: Web, origin: str) -> None:
    """Every address of the host of `origin` shows its certificate and answers, and so does each of
    several new connections. Raises Broken, CannotAsk, NotApplicable.
    """
    if not origin:
        raise NotApplicable("this environment names no such host")
    url = f"{origin}/"
    found = await _resolve(web, url)
    problems: dict[str, CannotAsk] = {}
    for number in range(max(CONNECTIONS, len(found))):
        address = found[turn(number, len(found))]
        if address in problems:
            continue
        try:
            await _expect_served(web, url, address)
        except CannotAsk as problem:  # as of an IPv6 address, on a machine without IPv6
            current().note(f"{address}: {problem}")
            problems[address] = problem
    if len(problems) == len(found):
        raise problems[found[0]]


async def _resolve(web: Web, url: str) -> tuple[str, ...]:
    try:
        return await addresses(web.target, url)
    except OSError as error:
        raise failure(url, error, "edge", Phase.CONNECT, web.target.timeouts.answer_s) from error


async def _expect_served(web: Web, url: str, address: str) -> None:
    async with fresh_web(web, address) as fresh:
        answer = await fresh.ask("GET", url)
    if finding := explain_served(answer):
        raise Broken(finding, explain_served)


def explain_served(answer: Answer) -> Finding | None:
    """Name an answer that says that nobody is there to answer, or that is none; pure."""
    is_empty = answer.status == 200 and not answer.body
    if answer.status < 500 and not is_empty:
        return None
    quoted = f', "{answer.words}"' if answer.words else ""
    if is_empty:
        quoted = " and nothing else"
    return Finding(Code.SERVICE_UNAVAILABLE, f"{answer}{quoted}", INSTANCE)
