"""What is promised of calls, as one run asks for it: the ladder is climbed once, each promise
judges its own rungs.
"""

import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from probes.auth.users import User
from probes.config.livekit import LiveKit
from probes.finding import Broken, Code, Finding, NotApplicable
from probes.livekit import app_token, http_answers, ice_checks, signalling, turn
from probes.livekit.ladder import VALIDATE, Climb, asked, diagnose, probe_room
from probes.livekit.lazy import TIER
from probes.livekit.signalling import Joined
from probes.livekit.tokens import Access, open_access, promised_in
from probes.recording.ledger import Ledger
from probes.recording.recorder import current
from probes.services import video
from probes.transport.http import Web
from probes.transport.single_flight import SingleFlight

# Each stands in a public manual or in weAlist's own charts and compose file (contract 7.2).
PUBLIC = {
    "livekit-dev": ("devkey", "secret"),
    "chart": ("devkey", "devsecret"),
    "compose": ("devkey", "devsecretkey1234567890abcdefghijk"),
}
KEY_TROUBLE = (Code.LIVEKIT_KEY_UNKNOWN, Code.LIVEKIT_SECRET_MISMATCH)


class Calls:
    """The calls of one environment. Every verb raises Broken, NotApplicable where there are none,
    CannotAsk.
    """

    def __init__(self, web: Web, ledger: Ledger) -> None:
        self._web, self._ledger = web, ledger
        # By attempt: a confirming rerun climbs anew, and once for all that are rerun.
        self._climbs = SingleFlight(self._climb)

    @property
    def promised(self) -> LiveKit:
        """Raises NotApplicable."""
        return promised_in(self._web.target.livekit, TIER)

    @property
    def access(self) -> Access:
        """Raises NotApplicable, CannotAsk."""
        return open_access(self.promised, current().evidence.redactor)

    async def _climb(self, _: int) -> Climb:
        return await diagnose(self._web, self.promised, self.access, self._ledger)

    async def way(self) -> Climb:
        """The way up, as far as it went."""
        _ = self.promised
        return await self._climbs.get(current().attempt)

    async def climbed(self, rung: str) -> Climb:
        """The way up, which holds as far as `rung`."""
        way = await self.way()
        way.reached(rung)
        return way

    async def _seat(self) -> Joined:
        seat = (await self.climbed("join")).seat
        assert seat, "a join that held has one"
        return seat

    async def can_be_joined(self) -> None:
        """Name, TLS, server, key and signalling let somebody in."""
        await self.climbed("join")

    async def are_served_as_promised(self) -> None:
        """Version and protocol are those that the environment names."""
        promised, seat = self.promised, await self._seat()
        if not (promised.version or promised.protocol):
            raise NotApplicable("[livekit] names neither version nor protocol")
        current().judge(explain_version(seat, promised))

    async def are_at_their_nodes(self) -> None:
        """The addresses that the server names for media are where media must be."""
        current().judge(ice_checks.audit((await self._seat()).candidates, self.promised))

    async def let_media_in(self, are_connected: Callable[[], Awaitable[bool]]) -> None:
        """Who comes uncalled gets an answer from media's own ports.

        `are_connected`, asked where nobody gets one, tells whether two people found to each other
        all the same.
        """
        finding = ice_checks.explain_checks((await self.climbed("join")).checks, self.promised)
        if finding and finding.code is Code.LIVEKIT_UNREACHABLE and await are_connected():
            observed = (
                f"{finding.observed}; two people were connected all the same, by hole punching"
            )
            finding = replace(finding, code=Code.LIVEKIT_MASKED, observed=observed)
        current().judge(finding)

    def room(self, label: str) -> AbstractAsyncContextManager[str]:
        """The name of a room of the probes' own, gone after the block."""
        return probe_room(self._web, self.promised, self.access, self._ledger, label)

    async def lend_relays(self) -> None:
        """Every TURN server that is named lends one."""
        way = await self.way()
        if not way.lent and not self.promised.turn:
            raise NotApplicable("[livekit] promises no TURN server, and none is named to who joins")
        way.reached("join")
        current().judge(turn.explain_lent(way.lent, self.promised))

    async def refuse(self, stranger: str) -> None:
        """A key that anybody can have opens nothing: one of PUBLIC, or our own with a random
        secret.
        """
        access = self.access
        if PUBLIC.get(stranger) == (access.key, access.secret):
            raise NotApplicable(f"the key {stranger} is this environment's own")
        key, secret = PUBLIC.get(stranger, (access.key, secrets.token_hex(16)))
        token = Access(key, secret).to_join("probe-nowhere", "probe")
        finding = http_answers.explain_open(
            await asked(self._web, self.promised, VALIDATE, token), stranger
        )
        if finding and finding.code not in (
            Code.LIVEKIT_DEV_KEYS_ACCEPTED,
            Code.TOKEN_FORGERY_ACCEPTED,
        ):
            await self.climbed("livekit")  # it was not LiveKit that spoke: the ladder knows who
        current().judge(finding)

    async def hide(self, path: str) -> None:
        """What is for developers is not there for the public."""
        current().judge(http_answers.explain_debug(await asked(self._web, self.promised, path)))

    async def are_opened_by_the_app(self, user: User) -> None:
        """A call that `member` opens in the app, with the address and the token that the app hands
        out for it.
        """
        promised = self.promised
        room = await video.create_call(self._web, user, self._ledger)
        ticket = await video.join(self._web, user, room)
        current().judge(app_token.explain(ticket, promised, user.id, time.time()))
        way = await self.climbed("livekit")
        answer = await asked(self._web, promised, VALIDATE, ticket.token)
        if finding := http_answers.explain_token(answer, "the app's"):
            raise Broken(differing(finding, probe_is_known=way.holds("key")))
        if way.holds("key"):
            way.reached("join")  # nobody's token joins: the rung has waited for that already
        async with signalling.joined(self._web, promised, ticket.token) as seat:
            current().note(f"the app's token joined in {seat.seconds:.2f} s")


def explain_version(seat: Joined, promised: LiveKit) -> Finding | None:
    """Whether the server is another than the environment names; pure."""
    drifted = (promised.version and seat.version != promised.version) or (
        promised.protocol and seat.protocol != promised.protocol
    )
    if not drifted:
        return None
    wanted = f"{promised.version or 'any version'} with protocol {promised.protocol or 'any'}"
    observed = (
        f"the server is {seat.version or 'unnamed'} with protocol {seat.protocol}, promised is "
        f"{wanted}"
    )
    return Finding(
        Code.LIVEKIT_VERSION_DRIFT, observed, "the image of livekit-server, or the chart's version"
    )


def differing(finding: Finding, *, probe_is_known: bool) -> Finding:
    """What is said of the app's key, when the probes' own key is taken: the two differ; pure."""
    if finding.code not in KEY_TROUBLE or not probe_is_known:
        return finding
    return Finding(
        Code.LIVEKIT_APP_KEY_MISMATCH,
        f"{finding.observed}; the probes' own key is taken",
        "LIVEKIT_API_KEY and LIVEKIT_API_SECRET of video-service, which differ from keys.yaml",
    )
