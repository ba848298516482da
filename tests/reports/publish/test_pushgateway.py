"""The push: what a Pushgateway is sent, what it is rid of, and what is said of one that does not
take it.
"""

import json
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families as parsed

from reports.model.run import Run
from reports.publish.metrics import samples
from reports.publish.pushgateway import push
from reports.publish.sending import send_within
from tests.reports.conftest import Written, expected, red
from tests.support.otlp_receiver import Receiver, receiving

LISTING = "/api/v1/metrics"


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with receiving() as receiver:
        receiver.answers[LISTING] = (200, "application/json", b'{"data": []}')
        yield receiver


@pytest.fixture
def run(written: Written) -> Run:
    return red(written).load()


def test_a_run_replaces_its_group(gateway: Receiver, run: Run) -> None:
    """One PUT to a path that is the same for every run, with every sample in the text format."""
    assert push(run, gateway.url) == ""
    first = gateway.asked[0]
    assert (first.method, first.path) == (
        "PUT",
        "/metrics/job/wealist-probes/environment/replica/shard/1-of-1/tier/full",
    )
    sent = [each for family in parsed(first.body.decode()) for each in family.samples]
    assert {(s.name, tuple(sorted(s.labels.items())), s.value) for s in sent} == {
        (s.metric.name, tuple(sorted(s.label_values.items())), s.value) for s in samples(run)
    }


def test_a_name_and_a_label_that_are_odd_arrive_whole(gateway: Receiver, written: Written) -> None:
    """A slash in an environment's name and a quote in a scenario's break neither path nor
    format.
    """
    written.started(expected('a/x["quoted"\\]'), environment="a/b").held('a/x["quoted"\\]').ended()
    assert push(written.load(), gateway.url) == ""
    assert "environment@base64/" in gateway.asked[0].path
    names = {
        s.labels.get("scenario")
        for family in parsed(gateway.asked[0].body.decode())
        for s in family.samples
    }
    assert 'a/x["quoted"\\]' in names


def test_a_user_in_the_address_is_a_credential(gateway: Receiver, run: Run) -> None:
    """It is sent as one, and is not part of what is asked."""
    assert push(run, f"http://probes:p%40ss@{gateway.host}/") == ""
    assert {each.headers["authorization"] for each in gateway.asked} == {"Basic cHJvYmVzOnBAc3M="}


def test_groups_of_another_split_are_removed(gateway: Receiver, written: Written) -> None:
    """The first shard takes away what four shares left when there are two; groups of others
    stay.
    """
    ours = {"job": "wealist-probes", "environment": "replica", "tier": "full"}
    groups = [
        ours | {"shard": "4-of-4"},
        ours | {"shard": "1-of-1", "tier": "quick"},
        ours | {"shard": "1-of-1", "instance": ""},
        ours | {"shard": "2-of-2"},
        ours | {"environment": "prod", "shard": "1-of-1"},
        {"job": "k6"},
    ]
    listed = {"data": [{"labels": group} for group in groups]}
    gateway.answers[LISTING] = (200, "application/json", json.dumps(listed).encode())
    written.started("a/x", shard="1/2").held("a/x").ended()
    assert push(written.load(), gateway.url) == ""
    removed = [
        each.path.partition("replica/")[2] for each in gateway.asked if each.method == "DELETE"
    ]
    assert removed[0] == "shard/4-of-4/tier/full"
    assert removed[1].endswith("/shard/1-of-1/tier/full")
    assert len(removed) == 2


def test_tiers_have_groups_of_their_own(gateway: Receiver, written: Written) -> None:
    """Neither replaces the other's; what a version without tiers left is removed."""
    old = {"job": "wealist-probes", "environment": "replica", "shard": "1-of-1"}
    listed = {"data": [{"labels": old}, {"labels": old | {"tier": "full"}}]}
    gateway.answers[LISTING] = (200, "application/json", json.dumps(listed).encode())
    written.started("a/x", tier="quick").held("a/x").ended()
    assert push(written.load(), gateway.url) == ""
    changed = [
        (each.method, each.path.partition("replica/")[2])
        for each in gateway.asked
        if each.method != "GET"
    ]
    assert changed == [("PUT", "shard/1-of-1/tier/quick"), ("DELETE", "shard/1-of-1")]


def test_other_shards_remove_nothing(gateway: Receiver, written: Written) -> None:
    """One is enough, and four lists at once would be three too many."""
    written.started("a/x", shard="2/2").held("a/x").ended()
    assert push(written.load(), gateway.url) == ""
    assert [(each.method, each.path.partition("environment/")[2]) for each in gateway.asked] == [
        ("PUT", "replica/shard/2-of-2/tier/full")
    ]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((500, "text/plain", b""), "the Pushgateway answered 500; is this its address?"),
        ((302, "text/plain", b""), "the Pushgateway answered 302; is this its address?"),
        (
            (200, "text/html", b"<html>sign in"),
            "the Pushgateway answered 200; is this its address?",
        ),
    ],
)
def test_who_does_not_take_it_is_named(
    gateway: Receiver, run: Run, answer: tuple[int, str, bytes], said: str
) -> None:
    """A redirect or a sign-in page is no yes."""
    gateway.answers["*"] = answer
    assert send_within(lambda: push(run, gateway.url), 30) == said


def test_nobody_there_is_told_without_the_address(run: Run) -> None:
    """An address may hold a password."""
    said = send_within(lambda: push(run, "http://u:s3cret@127.0.0.1:1"), 30)
    assert said == "Connection refused"
