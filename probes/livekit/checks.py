"""What is promised of calls, as one run asks for it: the ladder is run once, and each promise
judges its own rungs.
"""

import secrets
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from probes import clock
from probes.auth.users import User
from probes.config.livekit import LADDER, LiveKit
from probes.finding import Broken, CannotAsk, Code, Finding, NotApplicable
from probes.livekit import app_token, http_answers, ice_checks, signalling, token_answers, turn
from probes.livekit.ladder import VALIDATE, LadderResult, ask, diagnose, is_proxied, probe_room
from probes.livekit.sdk.checks import OpenPorts, explain_closed
from probes.livekit.signalling import JoinedSession
from probes.livekit.tokens import Access, expect_livekit, open_access
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
        # By attempt: a confirming rerun runs the ladder again, once for all that are rerun.
        self._ladders = SingleFlight(self._diagnose)

    @property
    def config(self) -> LiveKit:
        """Raises NotApplicable."""
        return expect_livekit(self._web.target.livekit, LADDER)

    @property
    def access(self) -> Access:
        """Raises NotApplicable, CannotAsk."""
        return open_access(self.config, current().evidence.redactor)

    async def _diagnose(self, _: int) -> LadderResult:
        return await diagnose(self._web, self.config, self.access, self._ledger)

    async def ladder(self) -> LadderResult:
        """The ladder, as far as it held."""
        _ = self.config
        return await self._ladders.get(current().attempt)

    async def expect_rung(self, rung: str) -> LadderResult:
        """The ladder, if it holds up to `rung`. Raises Broken with the rung that did not."""
        ladder = await self.ladder()
        ladder.expect_rung(rung)
        return ladder

    async def _session(self) -> JoinedSession:
        session = (await self.expect_rung("join")).session
        assert session, "the rung join held without a session"
        return session

    async def expect_joinable(self) -> None:
        """Name, TLS, server, key and signalling let somebody in."""
        await self.expect_rung("join")

    async def expect_promised_version(self) -> None:
        """Version and protocol are those that the environment names."""
        promised, session = self.config, await self._session()
        if not (promised.version or promised.protocol):
            raise NotApplicable("[livekit] names neither version nor protocol")
        current().judge(explain_version(session, promised))

    async def expect_promised_addresses(self) -> None:
        """The addresses that the server names for media are where media must be."""
        current().judge(ice_checks.audit((await self._session()).candidates, self.config))

    async def open_ports(self) -> OpenPorts:
        """Which transports answer unsolicited checks at an address that the server names. Raises
        Broken where nobody can join, NotApplicable where media has no way.
        """
        self._expect_way_for_media()
        return ports_of(await self.expect_rung("join"), self.config)

    async def expect_open_media_ports(
        self, connected_by: Callable[[], Awaitable[frozenset[str] | None]]
    ) -> None:
        """Media's own ports answer unsolicited inbound checks.

        `connected_by`, asked where none answers, returns the kinds of candidates by which two
        participants connect all the same, None where they do not.
        """
        ports = await self.open_ports()
        finding = ice_checks.explain_checks((await self.ladder()).checks, self.config)
        if finding and finding.code is Code.LIVEKIT_UNREACHABLE:
            kinds = await connected_by()
            if kinds is not None:
                observed = f"{finding.observed}; two participants connected all the same"
                finding = explain_closed(observed, Code.LIVEKIT_MASKED, ports, kinds)
        current().judge(finding)

    def _expect_way_for_media(self) -> None:
        """Raises NotApplicable behind a proxy."""
        promised = self.config
        if is_proxied(self._web.target, promised):
            raise NotApplicable(
                "media goes over ports of its own, which no HTTP proxy carries, and [proxy] leads "
                f"to {promised.url}; where it can be reached directly, list it in direct"
            )

    def room(self, label: str) -> AbstractAsyncContextManager[str]:
        """The name of a room of the probes' own, removed after the block."""
        return probe_room(self._web, self.config, self.access, self._ledger, label)

    async def second_join_finding(self) -> Finding | None:
        """What the server has against a second participant, whose SDK hears the status alone; None
        where it lets both in.
        """
        async with self.room("second") as room:
            first, second = (self.access.to_join(room, f"{room}-{n}") for n in (1, 2))
            async with signalling.join_room(self._web, self.config, first):
                try:
                    async with signalling.join_room(self._web, self.config, second):
                        return None
                except Broken as broken:
                    return broken.finding

    async def expect_relays(self) -> None:
        """Every TURN server that the server names allocates a relay."""
        self._expect_way_for_media()
        ladder = await self.ladder()
        if not ladder.turn_results and not self.config.turn:
            raise NotApplicable("[livekit] promises no TURN server, and the server names none")
        ladder.expect_rung("join")
        current().judge(turn.explain_turn(ladder.turn_results, self.config))

    async def expect_refusal(self, stranger: str) -> None:
        """A public key opens nothing: one of PUBLIC, or our own key with a random secret."""
        access = self.access
        if PUBLIC.get(stranger) == (access.key, access.secret):
            raise NotApplicable(f"the key {stranger} is this environment's own")
        key, secret = PUBLIC.get(stranger, (access.key, secrets.token_hex(16)))
        token = Access(key, secret).to_join("probe-nowhere", "probe")
        finding = token_answers.explain_open(
            await ask(self._web, self.config, VALIDATE, token), stranger
        )
        if finding and finding.code not in (
            Code.LIVEKIT_DEV_KEYS_ACCEPTED,
            Code.TOKEN_FORGERY_ACCEPTED,
        ):
            await self.expect_rung("livekit")  # another server answered: the ladder says which
        current().judge(finding)

    async def expect_hidden(self, path: str) -> None:
        """Developer endpoints are not reachable from outside. Raises CannotAsk where nobody was
        there to hide them.
        """
        answer = await ask(self._web, self.config, path)
        if answer.status >= 500:
            raise CannotAsk(f"{answer}: nobody was there who could hide it")
        current().judge(http_answers.explain_debug(answer))

    async def expect_app_call(self, user: User) -> None:
        """A call that `member` opens in the app, with the address and the token that the app hands
        out for it.
        """
        promised = self.config
        room = await video.create_call(self._web, user, self._ledger)
        ticket = await video.join(self._web, user, room)
        current().judge(app_token.explain(ticket, promised, user.id, clock.now()))
        ladder = await self.expect_rung("livekit")
        answer = await ask(self._web, promised, VALIDATE, ticket.token)
        if finding := token_answers.explain_token(answer, token_answers.APP):
            raise Broken(explain_difference(finding, probe_is_known=ladder.holds("key")))
        if ladder.holds("key"):
            ladder.expect_rung("join")  # where no token joins, do not wait for it twice
        async with signalling.join_room(self._web, promised, ticket.token) as session:
            current().note(f"the app's token joined in {session.first_message_s:.2f} s")


def ports_of(result: LadderResult, promised: LiveKit) -> OpenPorts:
    """Which transports answered, and what is known of the others; pure."""
    answered = {
        check.endpoint.transport
        for check in result.checks
        if check.endpoint.is_from_server and check.has_answer
    }
    candidates = result.session.candidates if result.session else ()
    gathering_s = result.session.gathering_s if result.session else 0.0
    return OpenPorts(
        udp="udp" in answered,
        tcp="tcp" in answered,
        address_finding=ice_checks.address_finding(candidates, result.checks, promised),
        tcp_finding=ice_checks.tcp_finding(candidates, result.checks, promised),
        relay_finding=turn.credentials_finding(result.turn_results, promised),
        gathering_s=gathering_s,
    )


def explain_version(session: JoinedSession, promised: LiveKit) -> Finding | None:
    """Whether the server is another than the environment names; pure."""
    drifted = (promised.version and session.version != promised.version) or (
        promised.protocol and session.protocol != promised.protocol
    )
    if not drifted:
        return None
    wanted = f"{promised.version or 'any version'} with protocol {promised.protocol or 'any'}"
    observed = (
        f"the server is {session.version or 'unnamed'} with protocol {session.protocol}, "
        f"promised is {wanted}"
    )
    return Finding(
        Code.LIVEKIT_VERSION_DRIFT, observed, "the image of livekit-server, or the chart's version"
    )


def explain_difference(finding: Finding, *, probe_is_known: bool) -> Finding:
    """The finding for the app's key where the probes' own key is accepted: the two differ; pure."""
    if finding.code not in KEY_TROUBLE or not probe_is_known:
        return finding
    return Finding(
        Code.LIVEKIT_APP_KEY_MISMATCH,
        f"{finding.observed}; the probes' own key is accepted",
        "LIVEKIT_API_KEY and LIVEKIT_API_SECRET of video-service, which differ from keys.yaml",
    )
