"""A mistake in an environment file gets one sentence that says what to fix."""

import pytest

from probes.finding import BadEnvironment
from tests.support.usable_environment import ACCEPTED, PRESIGN, USABLE, built, changed


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "host = 1" + USABLE,
            "unknown key 'host'; did you mean hosts? known are accepted, cluster, control, ",
        ),
        (
            changed("api =", "apy ="),
            "unknown key 'apy' in [hosts]; did you mean api? known are apex, api, cdn",
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
        (USABLE + "[timeouts]\nanswer_s = 0.005\n", "answer_s in [timeouts] must be at least 0.1"),
        (USABLE + "[timeouts]\nrun_s = 1e30\n", "run_s in [timeouts] must be at most 86400"),
        (USABLE + "[realtime]\nlinger_seconds = 86401\n", "linger_seconds in [realtime] must be"),
        (
            changed("[workspace]", 'plain = "https://wealist.co.kr"\n[workspace]'),
            "plain in [hosts] must look like http://example.org, not 'https",
        ),
        (changed('"w-1"', '"w-1\\n"'), "id in [workspace] must be an id as weAlist writes it"),
        (USABLE + '[users.bob]\nid = " u"\n', "id in [users.bob] must be an id as weAlist writes"),
        (
            USABLE + PRESIGN + 'scheme = "HTTPS"\n',
            "scheme in [presign] must be http or https, not 'HTTPS'",
        ),
        (
            USABLE + PRESIGN.replace('"h"', '"https://h"'),
            "host in [presign] must look like files.example.org, with its port where it is not",
        ),
        (
            USABLE + '[paths]\nstorage = "api/svc/storage"\n',
            "storage in [paths] must look like /api/svc/storage, not 'api/svc/storage'",
        ),
        (USABLE + '[paths]\nstorage = "/api/"\n', "storage in [paths] must look like /api/svc/"),
        (
            USABLE + '[oauth]\nlanding = "wealist.co.kr/oauth/callback"\n',
            "landing in [oauth] must look like https://example.org/landing, not 'wealist",
        ),
        (
            USABLE + '[oauth]\nportal = "https://wealist.co.kr/api/ops-portal"\n',
            "portal in [oauth] must end with a slash, not ",
        ),
        (
            USABLE + '[oauth]\nprovider = "https://accounts.google.com/"\n',
            "provider in [oauth] must look like https://example.org, not ",
        ),
        (USABLE + '[tls]\nca = "a\\u0000b"\n', "which is no PEM file of certificates"),
        (USABLE + '[notices]\ntimezone = "Mars"\n', "timezone in [notices] is 'Mars'; say one"),
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
        "https://wealist.co.kr.",
        "https://wealist.co.kr?",
        "https://wealist.co.kr#",
        "https://wealist.co.kr:",
        "https://wealist.co.kr:443",
        "https://:secret@wealist.co.kr",
        "https://@wealist.co.kr",
        "HTTPS://wealist.co.kr",
        "https://Wealist.co.kr",
        "https://weal\\nist.co.kr",
        "https://wealist.co.kr\\u0000",
    ],
)
def test_a_host_is_an_origin(origin: str) -> None:
    """Anything more or less would be glued to paths as it is."""
    with pytest.raises(
        BadEnvironment, match=r"apex in \[hosts\] must look like https://example.org, not "
    ) as told:
        built(changed("https://wealist.co.kr", origin))
    assert "secret" not in str(told.value)
