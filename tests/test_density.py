"""One statement does one thing: what would put several into one expression is not written."""

import ast
from collections.abc import Iterator

import pytest

from tests.test_layers import LAYERS, ROOT, files

COMPREHENSION = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
NESTED = "a comprehension in another; write a loop, or name the inner one in a function of its own"
ARGUMENT = "a ternary as an argument; give the value a name before the call"
COMPOUND = "a walrus inside `and` or `or`; assign before the condition, or nest a second `if`"
SAMPLES = {
    "[[one for one in row] for row in rows]": [NESTED],
    "{key for key in keys if any(key in row for row in rows)}": [NESTED],
    "ask('GET', url if url else '')": [ARGUMENT],
    "ask(token=token if token else '')": [ARGUMENT],
    "ask(*(some if some else ()), **(more if more else {}))": [ARGUMENT, ARGUMENT],
    "wanted and (found := find(wanted))": [COMPOUND],
    "(found := find()) is None or found.is_late": [COMPOUND],
    "[one for row in rows for one in row]": [],
    "found = (first if first else second)": [],
    "any(map(is_late, rows)) and ask(lambda row: row.late)": [],
}


def dense_places(source: str) -> Iterator[tuple[int, str]]:
    """The line of each place that does several things at once, and what to do there."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield from ((ternary.lineno, ARGUMENT) for ternary in _ternaries(node))
        elif isinstance(node, ast.BoolOp) and _holds(node, ast.NamedExpr):
            yield node.lineno, COMPOUND
        elif isinstance(node, COMPREHENSION) and _holds(node, COMPREHENSION):
            yield node.lineno, NESTED


def _ternaries(call: ast.Call) -> list[ast.IfExp]:
    """Those that are an argument of it, be it starred."""
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    values = [each.value if isinstance(each, ast.Starred) else each for each in arguments]
    return [value for value in values if isinstance(value, ast.IfExp)]


def _holds(node: ast.expr, kinds: type[ast.expr] | tuple[type[ast.expr], ...]) -> bool:
    return any(isinstance(each, kinds) for each in ast.walk(node) if each is not node)


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_is_judged_as_a_reader_would(sample: str) -> None:
    """What the rule forbids it sees, and nothing else."""
    assert [advice for _, advice in dense_places(sample)] == SAMPLES[sample]


@pytest.mark.parametrize("root", [*LAYERS, "tests"])
def test_one_statement_does_one_thing(root: str) -> None:
    """No expression hides a loop, a decision or an assignment inside another."""
    found = [
        f"{file}:{line}: {advice}"
        for file in files(root)
        for line, advice in dense_places((ROOT / file).read_text("utf-8"))
    ]
    assert not found, "\n".join(found)
