"""What a name in an environment file, or on a command line, stands for: a scenario, a family of
them, an area.
"""

from fnmatch import fnmatchcase


def covers(name: str, scenario: str) -> bool:
    """Whether `name` is the scenario's own, its family's or its area's; a `*` in it stands for any
    text.
    """
    known = (scenario, scenario.partition("[")[0], area(scenario))
    return any(fnmatchcase(each, literal(name)) for each in known)


def literal(name: str) -> str:
    """A pattern in which `*` alone means something."""
    return name.replace("[", "[[]").replace("?", "[?]")


def area(scenario: str) -> str:
    return scenario.partition("/")[0]
