"""The registry of faults: names that read as sentences do, and nothing listed twice."""

import re

from replica import faults


def test_every_fault_says_what_goes_wrong_in_one_sentence() -> None:
    """A name is a subject and a verb, the sentence ends in one full stop, and what it rehearses is
    stated.
    """
    for name, fault in faults.FAULTS.items():
        assert name == fault.name
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", name), name
        assert fault.sentence[0].isupper(), name
        assert fault.sentence.endswith((".", ").")), name
        assert fault.rehearses, name


def test_no_fault_is_listed_twice() -> None:
    """The groups hold as many faults as the registry does."""
    assert sum(map(len, faults.GROUPS)) == len(faults.FAULTS)
