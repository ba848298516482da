"""Names in [skip] and [[accepted]] are those of scenarios, or are told."""

import pytest

from probes.config.environment import Target
from probes.finding import BadEnvironment
from tests.support.usable_environment import ACCEPTED, USABLE, built

KNOWN = ("edge/the-certificate-holds[cdn]", "edge/http-leads-to-https", "presign/signed[chat]")


def excepting(*names: str, accepted: str = KNOWN[0]) -> Target:
    """An environment that skips `names` and accepts a finding in another."""
    lines = "".join(f'"{name}" = "why"\n' for name in names)
    return built(USABLE + "[skip]\n" + lines + ACCEPTED.replace(KNOWN[0], accepted))


def test_exceptions_may_be_for_a_case_a_scenario_or_an_area() -> None:
    """Those of areas that were not collected are left alone."""
    excepting("edge", "presign/signed", "presign/signed[chat]").check_names(KNOWN, all_areas=True)
    excepting("storage/x", "storage", accepted="storage/x").check_names(KNOWN, all_areas=False)


@pytest.mark.parametrize(
    ("target", "all_areas", "told", "hint"),
    [
        (
            excepting("edge/http-leads"),
            False,
            "[skip] names 'edge/http-leads'",
            "did you mean edge/http-leads-to-https?",
        ),
        (
            excepting("edge/zzzzzzzzzz"),
            False,
            "[skip] names 'edge/zzzzzzzzzz'",
            "correct or remove it",
        ),
        (excepting("presing"), True, "[skip] names 'presing'", "did you mean presign?"),
        (
            excepting(accepted="presign/signed"),
            False,
            "[[accepted]] names 'presign/signed'",
            f"did you mean {KNOWN[2]}?",
        ),
        (excepting(accepted="edge"), False, "[[accepted]] names 'edge'", "correct or remove it"),
        (excepting(accepted="a/b"), True, "[[accepted]] names 'a/b'", "correct or remove it"),
    ],
)
def test_a_name_that_no_scenario_bears_is_told(
    target: Target, all_areas: bool, told: str, hint: str
) -> None:
    """A mistyped exception would never apply; a finding is accepted in one case of one scenario."""
    with pytest.raises(BadEnvironment) as said:
        target.check_names(KNOWN, all_areas=all_areas)
    assert str(said.value) == f"{told}, which is no scenario of ours; {hint}"


ASKED = (
    "exposure/what-is-private-stays-closed[git-app]",
    "token_trust/a-bad-token-opens-nothing[signed-out-board-socket]",
    "token_trust/a-bad-token-opens-nothing[expired-chat-socket]",
)


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ('[exposure]\nclosed = ["git", "gitt"]\n', "'gitt', which no scenario asks for; "),
        ('[exposure]\nclosed = ["git-ap"]\n', "'git-ap', .* did you mean git-app?"),
        ('[sign_out]\nends_access = ["board-sockets"]\n', "did you mean board-socket?"),
        ('[sign_out]\nends_access = ["chat-socket"]\n', "'chat-socket', which no scenario asks"),
    ],
)
def test_a_promise_that_nobody_asks_for_is_told(table: str, complaint: str) -> None:
    """Mistyped, it would never be broken."""
    with pytest.raises(BadEnvironment, match=complaint):
        built(USABLE + table).check_names(ASKED, all_areas=True)
    built(USABLE + table).check_names(KNOWN, all_areas=False)


def test_a_promise_that_is_asked_for_is_let_be() -> None:
    """By its own name, and by the beginning of others."""
    right = '[exposure]\nclosed = ["git"]\n[sign_out]\nends_access = ["board-socket"]\n'
    built(USABLE + right).check_names(ASKED, all_areas=True)
