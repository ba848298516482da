"""An environment file becomes a target that says all that the file does."""

from datetime import date

import pytest

from probes.config.environment import Identity, Paths, Presign, Tls, address
from probes.config.timeouts import Timeouts
from probes.finding import BadEnvironment
from tests.support.usable_environment import ACCEPTED, PRESIGN, USABLE, built, changed


def test_hosts_and_a_workspace_are_enough() -> None:
    """What an environment does not say has a default, and its name is its file's."""
    target = built(USABLE)
    assert (target.name, target.hosts.api, target.workspace.id) == (
        "dev",
        "https://api.wealist.co.kr:8443",
        "w-1",
    )
    assert (target.tls, target.identity, target.paths, target.timeouts) == (
        Tls(),
        Identity(),
        Paths(),
        Timeouts(),
    )
    assert built(USABLE + PRESIGN).presign == Presign("h", "path", "b", "r", temporary=True)
    assert (target.users, target.presign, target.accepted, target.skip) == ({}, None, (), {})


def test_all_that_can_be_said_is_heard() -> None:
    """Whole numbers count as seconds, and [control] is for the tools of the replica."""
    said = (
        '[control]\nurl = "x"\n[users.bob]\nid = "u-2"\ntoken = "BOB"\n[timeouts]\nanswer_s = '
        "0.5\nretry_delay_s = 0\n"
    )
    target = built(
        'name = "stage"\n'
        + USABLE
        + said
        + PRESIGN
        + "temporary = false\nput_seconds = 60\n"
        + ACCEPTED
    )
    assert (target.name, target.users["bob"].token) == ("stage", "BOB")
    assert (target.timeouts.answer_s, target.timeouts.retry_delay_s) == (0.5, 0)
    assert target.presign
    assert (target.presign.temporary, target.presign.put_seconds, target.presign.get_seconds) == (
        False,
        60,
        3600,
    )
    assert target.accepted[0].until == date(2026, 3, 1)


@pytest.mark.parametrize(
    "host", ["wealist", "[::1]:8443", "127.0.0.1", "위리스트.kr", "xn--9l4b4xi9r.kr"]
)
def test_a_host_may_be_any_that_can_be_resolved(host: str) -> None:
    """Short names, addresses, names in Korean."""
    assert built(changed("https://wealist.co.kr", f"https://{host}")).hosts.apex.endswith(host)


def test_a_host_that_is_not_there_is_left_out() -> None:
    """Only apex and api are needed; one that is named is an origin too."""
    assert built(changed("[workspace]", 'cdn = ""\n[workspace]')).hosts.cdn == ""
    with pytest.raises(BadEnvironment, match=r"cdn in \[hosts\] must look like"):
        built(changed("[workspace]", 'cdn = "cdn.wealist.co.kr"\n[workspace]'))


@pytest.mark.parametrize(
    ("host", "to"),
    [
        ("localhost", "127.0.0.1"),
        ("api.wealist.localhost", "127.0.0.1"),
        ("notlocalhost", "notlocalhost"),
        ("localhost.example", "localhost.example"),
    ],
)
def test_names_under_localhost_are_loopback(host: str, to: str) -> None:
    """And no other name is."""
    assert address(host) == to


def test_lists_of_texts_are_lists_of_texts() -> None:
    """Other values are complained of in one sentence."""
    assert built(USABLE + '[exposure]\nclosed = ["git", "loki"]\n').exposure.closed == (
        "git",
        "loki",
    )
    with pytest.raises(BadEnvironment, match="closed in \\[exposure\\] must be a list of texts"):
        built(USABLE + "[exposure]\nclosed = [1]\n")


def test_where_the_state_is_may_be_said_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """One environment file serves a laptop and the cluster; a store that cannot be is refused,
    whoever named it.
    """
    said = USABLE + '[identity]\nway = "refresh-token"\nstate = "file:state.json"\n'
    monkeypatch.setenv("PROBES_STATE", "secret:wealist-prod/wealist-probes-state")
    assert built(said).identity == Identity(
        "refresh-token", state="secret:wealist-prod/wealist-probes-state"
    )
    assert built(USABLE).identity.state == "secret:wealist-prod/wealist-probes-state"
    monkeypatch.setenv("PROBES_STATE", "wealist-probes-state")
    with pytest.raises(
        BadEnvironment, match="PROBES_STATE, must be file:PATH or secret:NAMESPACE/NAME"
    ):
        built(said)
