"""One cause at many services is told once; two services may have reasons of their own."""

from dataclasses import replace

from probes.finding import Certainty, Code
from reports.model.causes import group
from tests.reports.model.test_causes import KNOWN, finding, names, result

SILENT = "{}: it did not answer, or its pod is not ready"
SERVICES = ("board-service", "chat-service", "noti-service", "ops-service", "user-service")


def broken_at(*services: str) -> list[str]:
    return [SILENT.format(service) for service in services]


def test_three_services_with_one_cause_are_one_block_that_names_them() -> None:
    """Their promises together, and a likely cause of all."""
    results = [
        result(name, finding(Code.SERVICE_UNAVAILABLE, cause))
        for name, cause in zip("abc", broken_at(*SERVICES[:3]), strict=True)
    ]
    (block,) = group(results)
    assert names((block,)) == [["a", "b", "c"]]
    assert block.cause == SILENT.format("board-service, chat-service and noti-service")


def test_more_than_four_are_counted() -> None:
    """The sentence stays one that can be read."""
    results = [
        result(cause, finding(Code.SERVICE_UNAVAILABLE, cause)) for cause in broken_at(*SERVICES)
    ]
    (block,) = group(results)
    named = "board-service, chat-service, noti-service, ops-service and 1 more"
    assert block.cause == SILENT.format(named)


def test_two_services_are_two_blocks() -> None:
    """So are a cause that names two services, and one that names none."""
    causes = [*broken_at(*SERVICES[:2]), "board-service or noti-service: it did not answer", "x"]
    blocks = group([result(cause, finding(Code.SERVICE_UNAVAILABLE, cause)) for cause in causes])
    assert sorted(block.cause for block in blocks) == sorted(causes)


def test_what_is_proven_or_excused_stands_for_itself() -> None:
    """A fact is about one service, and what is accepted of one is not of another."""
    proven, accepted, first, second = (
        result(cause, finding(Code.SERVICE_UNAVAILABLE, cause))
        for cause in broken_at(*SERVICES[:4])
    )
    known = finding(Code.SERVICE_UNAVAILABLE, proven.id, certainty=Certainty.PROVEN)
    proven = replace(proven, outcome=replace(proven.outcome, finding=known))
    accepted = replace(accepted, outcome=replace(accepted.outcome, accepted=KNOWN))
    assert len(group([proven, accepted, first, second])) == 4
