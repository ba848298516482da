"""An environment file becomes a target, or one sentence that says what to fix."""

import tomllib
from datetime import date

import pytest

from probes.config.environment import Identity, Paths, Presign, Target, Tls, address
from probes.config.environment_file import build
from probes.config.timeouts import Timeouts
from probes.finding import BadEnvironment
from tests.support.usable_environment import USABLE

PRESIGN = '[presign]\nhost = "h"\nstyle = "path"\nbucket = "b"\nregion = "r"\n'
ACCEPTED = """
[[accepted]]
code = "tls-expiring"
scenario = "edge/the-certificate-holds[cdn]"
why = "renewal is ordered"
until = 2026-03-01
"""


def built(text: str) -> Target:
    return build(tomllib.loads(text), "dev.toml")


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


def changed(old: str, new: str) -> str:
    assert old in USABLE
    return USABLE.replace(old, new)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "host = 1" + USABLE,
            "unknown key 'host'; did you mean hosts? known are accepted, cluster, control, ",
        ),
        (
            changed("api =", "apy ="),
            "unknown key 'apy' in [hosts]; did you mean api? known are apex, api, cdn, plain",
        ),
        (changed('"w-1"', "7"), "id in [workspace] must be a text, not 7"),
        (changed('id = "w-1"', ""), "[workspace] lacks 'id'"),
        ("", "[hosts] lacks 'apex' and 'api'"),
        ("hosts = 3", "[hosts] must be a table"),
        ("users = 3" + USABLE, "[users] must be a table"),
        ("users.bob = 3" + USABLE, "[users.bob] must be a table"),
        ("name = 3" + USABLE, "name must be a text, not 3"),
        ("skip = true" + USABLE, "[skip] must be a table"),
        ("skip.edge = true" + USABLE, "edge in [skip] must be a text, not True"),
        (USABLE + "[users.bob]\n", "[users.bob] lacks 'id'"),
        (
            USABLE + "[tls]\nwarn_days = true\n",
            "warn_days in [tls] must be a whole number, not True",
        ),
        (USABLE + "[tls]\nwarn_days = 1.5\n", "warn_days in [tls] must be a whole number, not 1.5"),
        (
            USABLE + "[timeouts]\nrun_s = -1\n",
            "run_s in [timeouts] must be a number of seconds, not -1",
        ),
        (
            USABLE + '[timeouts]\nrun_s = "5"\n',
            "run_s in [timeouts] must be a number of seconds, not '5'",
        ),
        (
            USABLE + "[timeouts]\nrun_s = true\n",
            "run_s in [timeouts] must be a number of seconds, not True",
        ),
        (
            USABLE + "[timeouts]\nrun_s = inf\n",
            "run_s in [timeouts] must be a number of seconds, not inf",
        ),
        (
            USABLE + "[timeouts]\nrun_s = nan\n",
            "run_s in [timeouts] must be a number of seconds, not nan",
        ),
        (
            USABLE + PRESIGN + "temporary = 1\n",
            "temporary in [presign] must be true or false, not 1",
        ),
        (
            USABLE + PRESIGN.replace('"path"', '"pat"'),
            "style in [presign] must be path or virtual-host, not 'pat'",
        ),
        (USABLE + ACCEPTED.replace("[[accepted]]", "[accepted]"), "write [[accepted]] above each"),
        (
            USABLE + ACCEPTED.replace("-03-01", "-03-01T00:00:00"),
            "until in [accepted] must be a date, not ",
        ),
        (
            USABLE + ACCEPTED.replace("2026-03-01", '"2026-03-01"'),
            "until in [accepted] must be a date, not '2026",
        ),
        (
            USABLE + ACCEPTED.replace("why", "because"),
            "unknown key 'because' in [accepted]; known are code, ",
        ),
        (
            USABLE + ACCEPTED.replace("expiring", "expire"),
            "unknown code 'tls-expire'; did you mean tls-expiring? ",
        ),
        (
            USABLE + '[identity]\nway = "refresh"\n',
            "way in [identity] is 'refresh'; did you mean refresh-token? known",
        ),
        (
            USABLE + '[identity]\nway = "refresh-token"\n',
            "way refresh-token in [identity] needs state; add it",
        ),
        (
            USABLE + '[identity]\nway = "signing-key"\n',
            "way signing-key in [identity] needs signing_key; add it",
        ),
        (
            USABLE + '[identity]\nstate = "here"\n',
            "or PROBES_STATE, must be file:PATH or secret:NAMESPACE/NAME",
        ),
        (
            USABLE + '[tls]\nca = "missing.pem"\n',
            "ca in [tls] names missing.pem, which is no PEM file",
        ),
        (USABLE + f'[tls]\nca = "{__file__}"\n', "which is no PEM file of certificates"),
        (USABLE + "[timeouts]\nanswer_s = 0\n", "answer_s in [timeouts] must be more than 0"),
        (USABLE + "[timeouts]\nscenario_s = 0.0\n", "scenario_s in [timeouts] must be more than"),
        (USABLE + "[timeouts]\nrun_s = 0\n", "run_s in [timeouts] must be more than 0"),
        (USABLE + "[realtime]\nscale = 0\n", "scale in [realtime] must be more than 0"),
        (USABLE + "[realtime]\nattempts = -1\n", "attempts in [realtime] must be more than 0"),
        (USABLE + PRESIGN + "put_seconds = 0\n", "put_seconds and get_seconds in [presign] must"),
    ],
)
def test_every_mistake_gets_one_sentence(text: str, complaint: str) -> None:
    """It names the file, the place and the way out."""
    with pytest.raises(BadEnvironment) as said:
        built(text)
    assert str(said.value).startswith("dev.toml: ")
    assert complaint in str(said.value)
    assert "\n" not in str(said.value)


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "wealist.co.kr",
        "ftp://wealist.co.kr",
        "https://",
        "https://wealist.co.kr/",
        "https://wealist.co.kr?x",
        "https://wealist.co.kr#x",
        "https://me:secret@wealist.co.kr",
        "https://wealist.co.kr:https",
        "https://[::1",
        "https://we alist.co.kr",
        " https://wealist.co.kr",
        "https://wealist.co.kr\\t",
        "https://wealist..co.kr",
        "https://-wealist.co.kr",
        "https://wealist_co,kr",
    ],
)
def test_a_host_is_an_origin(origin: str) -> None:
    """Anything more or less would be glued to paths as it is."""
    with pytest.raises(
        BadEnvironment, match=r"apex in \[hosts\] must look like https://example.org, not "
    ):
        built(changed("https://wealist.co.kr", origin))


@pytest.mark.parametrize(
    "host", ["wealist", "wealist.co.kr.", "[::1]:8443", "127.0.0.1", "위리스트.kr"]
)
def test_a_host_may_be_any_that_can_be_resolved(host: str) -> None:
    """Short and absolute names, addresses, names in Korean."""
    assert built(changed("https://wealist.co.kr", f"https://{host}")).hosts.apex.endswith(host)


def test_a_host_that_is_not_there_is_left_out() -> None:
    """Only apex and api are needed; one that is named is an origin too."""
    assert built(changed("[workspace]", 'cdn = ""\n[workspace]')).hosts.cdn == ""
    with pytest.raises(BadEnvironment, match=r"cdn in \[hosts\] must look like"):
        built(changed("[workspace]", 'cdn = "cdn.wealist.co.kr"\n[workspace]'))


@pytest.mark.parametrize(
    ("today", "accepted"), [((2026, 2, 28), True), ((2026, 3, 1), True), ((2026, 3, 2), False)]
)
def test_a_finding_is_accepted_until_its_date_has_passed(
    today: tuple[int, int, int], accepted: bool
) -> None:
    """The date itself still counts."""
    target = built(USABLE + ACCEPTED)
    found = target.acceptance("edge/the-certificate-holds[cdn]", "tls-expiring", date(*today))
    assert found is (target.accepted[0] if accepted else None)


@pytest.mark.parametrize(
    ("scenario", "code"),
    [
        ("edge/the-certificate-holds[apex]", "tls-expiring"),
        ("edge/the-certificate-holds[cdn]", "tls-invalid"),
    ],
)
def test_acceptance_is_for_one_code_in_one_scenario(scenario: str, code: str) -> None:
    """What is known in one place is news in another."""
    assert built(USABLE + ACCEPTED).acceptance(scenario, code, date(2026, 1, 1)) is None


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        ("storage/a-file-comes-back[apex]", "this case"),
        ("storage/a-file-comes-back[api]", "this scenario"),
        ("storage/another", "this area"),
        ("presign/another", ""),
        ("storage-more/another", ""),
    ],
)
def test_the_nearest_reason_to_skip_wins(scenario: str, reason: str) -> None:
    """One case, a scenario in all its cases, or a whole area."""
    skip = {
        "storage/a-file-comes-back[apex]": "this case",
        "storage/a-file-comes-back": "this scenario",
        "storage": "this area",
    }
    lines = "".join(f'"{key}" = "{why}"\n' for key, why in skip.items())
    assert built(USABLE + "[skip]\n" + lines).reason_to_skip(scenario) == reason


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


def test_a_star_covers_what_it_stands_for() -> None:
    """In [skip] and [[accepted]]; brackets mean themselves, and the narrowest name wins."""
    stars = ACCEPTED.replace("[cdn]", "[c*]")
    said = '[skip]\n"edge" = "area"\n"trust/*[*-ops]" = "star"\n"trust/opens[a-ops]" = "case"\n'
    target = built(USABLE + stars + said)
    today = date(2026, 2, 1)
    assert target.acceptance("edge/the-certificate-holds[cdn]", "tls-expiring", today)
    assert target.acceptance("edge/the-certificate-holds[api]", "tls-expiring", today) is None
    reasons = [
        target.reason_to_skip(name)
        for name in ("trust/opens[a-ops]", "trust/opens[b-ops]", "trust/opens[b]")
    ]
    assert reasons == ["case", "star", ""]
    assert target.reason_to_skip("edge/x") == "area"


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
