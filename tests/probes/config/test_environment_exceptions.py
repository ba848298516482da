"""What an environment skips or accepts is excepted there, until then, and nowhere else."""

from datetime import date

import pytest

from tests.support.usable_environment import ACCEPTED, USABLE, built


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
