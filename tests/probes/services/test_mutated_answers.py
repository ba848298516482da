"""Whatever a service answers, a verb accepts it or names what is wrong: no odd body, header or
status ends in a library's exception, which a run would tell as its own failure.
"""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import asdict, replace

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.auth.users import Users
from probes.config.environment import Hosts, Target, UserConfig
from probes.config.timeouts import Realtime
from probes.finding import Broken, CannotAsk, Code, Finding
from probes.recording.ledger import Ledger
from probes.recording.recorder import RunEvidence, recording
from probes.recording.redactor import Redactor
from probes.services.boards import BoardEvent
from probes.services.chat_rows import EVENTS
from probes.transport.http import Web
from probes.transport.socket_events import explain_event
from tests.support.healthy_answers import CASES, MESSAGE
from tests.support.mutations import Mutation, mutations
from tests.support.session_tokens import token
from tests.support.site import Said, Site, evidence_in, js, recorder_of, target_at
from tests.support.verb_cases import Case, Cast

MUTATIONS = 10_000
OURS = (429, 407)  # of these a verb says that the probes were refused


def _target(site: Site) -> Target:
    hosts = Hosts("https://apex.localhost", "https://api.localhost", plain="http://apex.localhost")
    usual = target_at(site, hosts=hosts)
    return replace(
        usual,
        users={"alice": UserConfig("u-1", token="A")},
        identity=replace(usual.identity, way="static"),
        oauth=usual.oauth.at(hosts.apex, hosts.api),
        realtime=Realtime(deliver_seconds=0),
    )


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Stage"]:
    site = Site()
    stage = Stage(_target(site), evidence_in(tmp_path_factory.mktemp("20260102T030405Z-abc123")))
    yield stage
    stage.close()
    site.close()


class Stage:
    """Verbs asked without a network: the answers come from a list."""

    def __init__(self, target: Target, evidence: RunEvidence) -> None:
        self._evidence, self._runner = evidence, asyncio.Runner()
        self._ledger = Ledger(evidence.folder)
        self._answers: list[Said] = []
        self._web = Web(target)
        self._web._client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        users = Users(target, self._web, Redactor(), {"A": token()})
        self._cast = Cast(self._web, users.user("alice"), self._ledger)

    def ask(self, case: Case, answers: list[Said]) -> Finding | None:
        """What is found; None where all is accepted. Raises what a verb must not."""
        self._answers = answers
        return self._runner.run(self._ask(case))

    async def _ask(self, case: Case) -> Finding | None:
        with recording(recorder_of(self._evidence)):
            try:
                result = await case.ask(self._cast)
            except Broken as failure:
                return failure.finding
            except CannotAsk as why:
                return Finding(Code.UNKNOWN, str(why), "")
        return result if isinstance(result, Finding) else None

    def _answer(self, _: httpx.Request) -> httpx.Response:
        said = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        headers = [(b"content-type", said.kind.encode())] if said.kind else []
        headers += [(name.encode(), value.encode()) for name, value in said.headers.items()]
        return httpx.Response(said.status, headers=headers, stream=httpx.ByteStream(said.body))

    def close(self) -> None:
        self._runner.run(self._web.close())
        self._runner.close()
        self._ledger.close()
        self._evidence.tracing.finish()
        self._evidence.journal.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_healthy_answer_is_accepted(stage: Stage, case: Case) -> None:
    """What is mutated below was good before; one that lacks a real signature is told so."""
    finding = stage.ask(case, list(case.answers))
    assert finding is None or case.name == "openid"


def _may_be_unknown(case: Case, mutation: Mutation) -> bool:
    """Who was throttled or blocked knows nothing, nor who looked for what an answer cannot show."""
    if mutation.kind == "body" or case.name.startswith("exposure-"):
        return True
    return mutation.kind == "status" and mutation.value in OURS


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_odd_answer_ends_in_an_exception(stage: Stage, case: Case) -> None:
    """It ends in a finding that can be written down, or is accepted; who was refused says so."""

    @settings(max_examples=MUTATIONS // len(CASES), deadline=None, database=None, derandomize=True)
    @given(mutation=mutations(), number=st.integers(0, len(case.answers) - 1))
    def mutate(mutation: Mutation, number: int) -> None:
        answers = list(case.answers)
        answers[number] = mutation.apply(answers[number])
        if finding := stage.ask(case, answers):
            json.dumps(asdict(finding), ensure_ascii=False).encode("utf-8", "backslashreplace")
            assert finding.code is not Code.UNKNOWN or _may_be_unknown(case, mutation), finding

    mutate()


@pytest.mark.slow
@settings(max_examples=1_000, deadline=None, database=None, derandomize=True)
@given(mutation=mutations(), kind=st.sampled_from(["MESSAGE_RECEIVED", "BOARD_CREATED", "pong"]))
def test_no_odd_message_of_a_socket_ends_in_an_exception(mutation: Mutation, kind: str) -> None:
    """What is accepted has its type's fields."""
    event = {"type": kind, "message": MESSAGE, "boardId": "b-1"}
    body = mutation.apply(js(event)).body
    shapes = {**EVENTS, "BOARD_CREATED": BoardEvent}
    line = body.decode("utf-8", "surrogateescape")
    if not explain_event(line, shapes):
        read = json.loads(line)
        assert isinstance(read["type"], str)
        assert read["type"] != "MESSAGE_RECEIVED" or read["message"]["content"] is not None
    assert explain_event(body, shapes)
