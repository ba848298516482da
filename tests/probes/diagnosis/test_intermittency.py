"""What failed once is asked again: how often it fails, where, and when that is no question."""

from dataclasses import replace
from typing import Any

import pytest

from probes.config.environment import Target
from probes.diagnosis import intermittency
from probes.diagnosis.intermittency import (
    Repeat,
    Repeater,
    bad_addresses,
    intermittent,
    is_each_time,
    is_repeatable,
    period_of,
)
from probes.finding import Broken, Code, Finding, Rung, Verdict
from probes.recording.recorder import Recorder
from probes.transport.envelopes import Envelope, expect
from probes.transport.http import Web
from tests.support.site import Said, Site, js, target_at

FOUND = Finding(Code.SERVICE_UNAVAILABLE, "GET /x answered 503", "user-service")
ONE, OTHER = "10.0.2.7", "10.0.3.9"
GOOD, BAD = js({"status": "UP"}), js({"error": "no"}, 503)
ROUTE = "/api/svc/user/health/live"
NOT_FOUND = Said(404, b"404 page not found", "text/plain")


def repeats(marks: str, addresses: str = "") -> list[Repeat]:
    """One a letter, x where it failed; of `addresses` b is the other one."""
    at = addresses or "a" * len(marks)
    where = [OTHER if letter == "b" else ONE for letter in at]
    return [Repeat(host, mark == "x") for host, mark in zip(where, marks, strict=True)]


@pytest.mark.parametrize(
    ("found", "observed", "cause", "verdict"),
    [
        (
            repeats(".x.x.x.x.x.x"),
            "6 of 12 failed, every second connection",
            "one of 2 instances that take turns",
            Verdict.BROKEN,
        ),
        (
            repeats("...x...x...x"),
            "3 of 12 failed, every fourth connection",
            "one of 4 instances that take turns",
            Verdict.BROKEN,
        ),
        (
            repeats(".xx.x..xx..x", "abbabaabbaab"),
            f"6 of 12 failed, all on {OTHER}",
            f"1 of 2 addresses of the name, {OTHER}",
            Verdict.BROKEN,
        ),
        (
            repeats(".xx.....x...", "abbabaabbaab"),
            f"3 of 12 failed, all on {OTHER}",
            "one of several instances",
            Verdict.BROKEN,
        ),
        (
            repeats("x..xx......."),
            "3 of 12 failed",
            "one of several instances",
            Verdict.BROKEN,
        ),
        (
            repeats("...........x"),
            "1 of 12 failed",
            "one of several instances",
            Verdict.DEGRADED,
        ),
    ],
)
def test_how_often_and_where_is_in_the_finding(
    found: list[Repeat], observed: str, cause: str, verdict: Verdict
) -> None:
    """One in four is broken; an address or an order is named where all failures lie there."""
    made = intermittent(replace(FOUND, reproduce_command="curl -sS x"), found)
    assert made.observed == (f"GET /x answered 503; asked again on fresh connections, {observed}")
    assert made.cause.startswith(cause)
    assert made.cause.endswith("; user-service")
    assert (made.code, made.verdict) == (Code.INTERMITTENT, verdict)
    assert made.reproduce_command == "for n in $(seq 12); do curl -sS x; echo; done"


@pytest.mark.parametrize(
    ("marks", "period"), [("x.x.x.", 2), (".x.x.x.", 2), ("x..x..x", 3), ("x.x...", 0), ("", 0)]
)
def test_an_order_needs_three_failures_and_no_gap(marks: str, period: int) -> None:
    """What fails twice in twelve may be chance."""
    assert period_of(repeats(marks)) == period


def test_an_address_that_answered_once_is_not_the_bad_one() -> None:
    """Nor is one that was asked once, nor the only one."""
    assert bad_addresses(repeats("xx.x", "aabb")) == ()
    assert bad_addresses(repeats("x.", "ab")) == ()
    assert bad_addresses(repeats("xx", "aa")) == ()
    assert bad_addresses(repeats("xx..", "aabb")) == (ONE,)


def test_each_time_means_five_in_a_row_and_every_address() -> None:
    """One answer ends that."""
    assert not is_each_time(repeats("xxxx"), 1)
    assert is_each_time(repeats("xxxxx"), 1)
    assert not is_each_time(repeats("xxxxx"), 6)
    assert not is_each_time(repeats("xxxx.xxx"), 1)


async def asked_once(web: Web, url: str) -> Broken:
    """What a scenario would have raised."""
    with pytest.raises(Broken) as failure:
        expect(await web.ask("GET", url), Envelope.RAW, keys=("status",))
    return failure.value


async def as_it_is(finding: Finding, _: Recorder) -> Finding:
    return finding


async def repeated(web: Web, site: Site, recorder: Recorder, *answers: Said) -> Finding:
    """What is made of a break, where the site then gives `answers` to the repeats."""
    site.says[f"GET apex{ROUTE}"] = GOOD
    site.first[f"GET apex{ROUTE}"] = [BAD, *answers]
    failure = await asked_once(web, site.origin("apex") + ROUTE)
    recorder.answer_judge = failure.judge
    return await Repeater(web, as_it_is).refine(failure.finding, recorder)


@pytest.mark.parametrize(
    ("answers", "failed"),
    [
        ([GOOD, GOOD, BAD, GOOD, NOT_FOUND, js([])], 3),
        ([GOOD, BAD], 1),
        ([GOOD, js({"other": 1})], 1),
    ],
)
async def test_the_failing_question_is_asked_twelve_times(
    web: Web, site: Site, recorder: Recorder, answers: list[Said], failed: int
) -> None:
    """Each repeat is judged as the first answer was: by its status, its type and its shape."""
    found = await repeated(web, site, recorder, *answers)
    assert (found.code, found.failed_repeats, found.repeats) == (Code.INTERMITTENT, failed, 12)
    assert len(site.asked) == 13


async def test_what_failed_once_stays_what_it_is(web: Web, site: Site, recorder: Recorder) -> None:
    """Until the scenario is run again; that no repeat failed is on record."""
    found = await repeated(web, site, recorder)
    assert (found.code, found.failed_repeats, found.repeats) == (Code.SERVICE_UNAVAILABLE, 0, 12)


async def test_what_fails_each_time_is_asked_five_times_and_once_for_its_kind(
    web: Web, site: Site, recorder: Recorder
) -> None:
    """Nothing of the finding changes, and the next break of that service costs nothing."""
    site.says[f"GET apex{ROUTE}"] = site.says["GET apex/api/svc/user/x"] = BAD
    repeater = Repeater(web, as_it_is)
    for path, asked in ((ROUTE, 6), ("/api/svc/user/x", 7), ("/api/svc/chat/x", 13)):
        failure = await asked_once(web, site.origin("apex") + path)
        recorder.subject, recorder.answer_judge = None, failure.judge
        assert await repeater.refine(failure.finding, recorder) == failure.finding
        assert len(site.asked) == asked
        site.says["GET apex/api/svc/chat/x"] = BAD


async def test_a_refusal_of_the_probes_is_no_failure(
    web: Web, site: Site, recorder: Recorder
) -> None:
    """A rate limit that the repeats run into says nothing of users."""
    found = await repeated(web, site, recorder, GOOD, *[js({}, 429)] * 11)
    assert (found.code, found.repeats) == (Code.SERVICE_UNAVAILABLE, 1)


async def test_an_address_that_refuses_is_named(site: Site, recorder: Recorder) -> None:
    """Nobody listens on the second; the first goes on answering."""
    usual = target_at(site)
    addresses = ("127.0.0.1", "127.0.0.2")
    web = Web(replace(usual, hosts=replace(usual.hosts, loopback=addresses)))
    found = await repeated(web, site, recorder)
    await web.close()
    assert found.observed.endswith("6 of 12 failed, all on 127.0.0.2")
    assert found.verdict is Verdict.BROKEN


async def test_an_answer_that_is_not_the_one_meant_is_not_asked_again(
    web: Web, site: Site, recorder: Recorder
) -> None:
    """The verb's judgement finds nothing wrong with what was asked last."""
    site.says[f"GET apex{ROUTE}"] = GOOD
    await web.ask("GET", site.origin("apex") + ROUTE)
    recorder.answer_judge = lambda _: None
    assert await Repeater(web, as_it_is).refine(FOUND, recorder) == FOUND
    assert len(site.asked) == 1


async def test_a_run_has_a_budget_for_it(
    web: Web, site: Site, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is spent, breaks are told as they were seen."""
    monkeypatch.setattr(intermittency, "BUDGET_S", 0.0)
    found = await repeated(web, site, recorder, GOOD, BAD)
    assert (found.code, len(site.asked)) == (Code.SERVICE_UNAVAILABLE, 1)


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "POST"},
        {"kind": "page"},
        {"url": "https://files.example/k"},
        {"url": "{apex}/api/oauth2/callback/google?code=1"},
        {"code": Code.FOREIGN_DATA},
        {"rungs": (Rung("service", held=True, detail=""),)},
    ],
    ids=str,
)
def test_only_a_read_of_ours_is_asked_again(
    target: Target, recorder: Recorder, changed: dict[str, Any]
) -> None:
    """What writes, is good once, is proven, or was compared already is left alone."""
    asked = {"kind": "http", "method": "GET", "url": "{apex}/api/svc/user/x", **changed}
    found = replace(FOUND, code=asked.pop("code", FOUND.code), rungs=asked.pop("rungs", ()))
    asked["url"] = asked["url"].format(apex=target.hosts.apex)
    with recorder.exchange(**asked) as exchange:
        pass
    assert not is_repeatable(target, found, exchange)
