"""Every cause that the probes can name, read from their source: texts, with a `{}` where
something is filled in.

It follows what stands third in `Finding(...)` and `broken_promise(...)`, what is called `cause`,
and what those are made of: constants, choices, local names, columns of tables that are looped over,
and what functions return. What comes in as an argument is followed at the calls.
"""

import ast
import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
_MAKERS = {
    "Finding": 2,
    "broken_promise": 2,
    "finding": 2,
    "shows": 3,
    "Step": 1,
    "expect_visible": 3,
}  # where their cause stands
_PROPER = re.compile(
    r"[\w{}]+-service|S3|edge|[\W]*|{} to {}|{}, or {}"
)  # names, ranges and marks that every language shares, and what joins causes
_HOLE = re.compile(r"(?<!\$)\{\w+\}")  # of a text that is filled in elsewhere


@functools.cache
def trees() -> dict[str, ast.Module]:
    files = [*(ROOT / "probes").rglob("*.py"), *(ROOT / "scenarios").glob("*.py")]
    return {
        ".".join(p.relative_to(ROOT).with_suffix("").parts): ast.parse(p.read_text("utf-8"))
        for p in files
    }


@functools.cache
def _nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree))


@functools.cache
def templates() -> frozenset[str]:
    """The texts, clause by clause; names that every language shares are none."""
    found = {
        _HOLE.sub("{}", text).removeprefix("; ").replace("{}{}", "{}")
        for tree in trees().values()
        for text in _of(tree)
    }
    return frozenset(text for text in found if not _PROPER.fullmatch(text))


def _of(tree: ast.Module) -> Iterator[str]:
    for scope in _scopes(tree):
        for expression in _causes(scope):
            yield from _texts(expression, scope, tree, frozenset())


def _scopes(tree: ast.Module) -> Iterator[ast.AST]:
    yield tree
    yield from (
        node for node in _nodes(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def _causes(scope: ast.AST) -> Iterator[ast.expr]:
    for node in _nodes(scope):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args) if len(
                args
            ) > _MAKERS.get(name, 99):
                yield args[_MAKERS[name]]
            case ast.Call(keywords=keywords):
                yield from (keyword.value for keyword in keywords if keyword.arg == "cause")
            case ast.Assign(targets=[ast.Name(id="cause")], value=value):
                yield value
            case ast.FunctionDef(name="cause" | "cause_of" | "_cause" | "_cause_of"):
                yield from _returned(node)


def _texts(node: ast.expr, scope: ast.AST, tree: ast.Module, seen: frozenset[str]) -> Iterator[str]:
    follow = functools.partial(_texts, scope=scope, tree=tree, seen=seen)
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield from _filled(parts, scope, tree)
        case (
            ast.BoolOp(values=values)
            | ast.Tuple(elts=values)
            | ast.List(elts=values)
            | ast.Dict(values=values)
        ):
            yield from (text for value in values if value for text in follow(value))
        case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name)) if name not in seen:
            yield from _named(name, scope, tree, seen | {name})
        case ast.Attribute(value=ast.Name(), attr=name) if name.isupper() and name not in seen:
            for module in _homes(name):
                yield from _named(name, module, module, seen | {name})
        case ast.IfExp(body=one, orelse=other):
            yield from [*follow(one), *follow(other)]
        case ast.Call():
            yield from (text for value in _values(node) for text in follow(value))
            yield from _called(node, tree, seen)


def _values(call: ast.Call) -> list[ast.expr]:
    """What a call of `next`, `format` or a table's `get` gives back."""
    match call:
        case ast.Call(func=ast.Name(id="next"), args=[ast.GeneratorExp(elt=chosen), *_]):
            return [chosen]
        case ast.Call(func=ast.Attribute(value=text, attr="format")):
            return [text]
        case ast.Call(func=ast.Attribute(value=table, attr="get"), args=[_, *other]):
            return [table, *other]
    return []


def _filled(parts: list[ast.expr], scope: ast.AST, tree: ast.Module) -> Iterator[str]:
    yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
    for part in parts:
        if isinstance(part, ast.FormattedValue):
            yield from (
                text for text in _texts(part.value, scope, tree, frozenset()) if " " in text
            )


def _named(name: str, scope: ast.AST, tree: ast.Module, seen: frozenset[str]) -> Iterator[str]:
    columns = [
        row.elts[column] for table, column in _loops(scope, name) for row in _rows(table, tree)
    ]
    for value in columns:
        yield from _texts(value, tree, tree, seen)
    if columns:
        return
    for home in (scope, tree):
        bound = list(_bound(name, home))
        for value in bound:
            yield from _texts(value, home, tree, seen)
        if bound:
            return
    if isinstance(scope, ast.FunctionDef) and name in _parameters(scope):
        yield from _passed(scope, _parameters(scope).index(name))
    for module in _imported_from(name, tree):
        yield from _named(name, trees()[module], trees()[module], seen)


def _loops(scope: ast.AST, name: str) -> Iterator[tuple[ast.expr, int]]:
    """The tables that are looped over with `name` for one of their columns."""
    for node in _nodes(scope):
        match node:
            case (
                ast.For(target=ast.Tuple(elts=columns), iter=table)
                | ast.comprehension(target=ast.Tuple(elts=columns), iter=table)
            ):
                names = [column.id for column in columns if isinstance(column, ast.Name)]
                if name in names and len(names) == len(columns):
                    yield table, names.index(name)


def _rows(table: ast.expr, tree: ast.Module) -> Iterator[ast.Tuple]:
    values = [table]
    if isinstance(table, ast.Name):
        values = list(_bound(table.id, tree))
    for value in values:
        if isinstance(value, ast.Tuple):
            yield from (row for row in value.elts if isinstance(row, ast.Tuple))


def _bound(name: str, home: ast.AST) -> Iterator[ast.expr]:
    """What is assigned to `name`; of several at once, its own."""
    for node in _nodes(home):
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)) if len(
                names
            ) == len(values):
                pairs = zip(names, values, strict=True)
                yield from (v for n, v in pairs if isinstance(n, ast.Name) and n.id == name)
            case ast.Assign(value=value) if _binds(node, name):
                yield value


@functools.cache
def _homes(name: str) -> tuple[ast.Module, ...]:
    """The modules that bind a constant of that name."""
    return tuple(tree for tree in trees().values() if _is_home(tree, name))


def _is_home(tree: ast.Module, name: str) -> bool:
    return any(isinstance(node, ast.Assign) and _binds(node, name) for node in tree.body)


def _parameters(function: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument in function.args.args]


def _passed(
    function: ast.FunctionDef, position: int, seen: frozenset[str] = frozenset()
) -> Iterator[str]:
    """The plain texts that stand for a parameter: its default, and what calls say in its place, or
    pass on.
    """
    default = position - len(function.args.args) + len(function.args.defaults)
    if default >= 0:
        yield from _plain(function.args.defaults[default])
    for scope, call in _calls().get(function.name, ()):
        if scope is function or len(call.args) <= position:
            continue
        yield from _plain(call.args[position])
        match scope, call.args[position]:
            case ast.FunctionDef(name=by), ast.Name(id=own) if (
                own in _parameters(scope) and by not in seen
            ):
                yield from _passed(scope, _parameters(scope).index(own), seen | {function.name})


@functools.cache
def _calls() -> Mapping[str, list[tuple[ast.AST, ast.Call]]]:
    """Who calls a function of that name: the scope, and the call."""
    found: dict[str, list[tuple[ast.AST, ast.Call]]] = {}
    scopes = [scope for tree in trees().values() for scope in _scopes(tree)]
    for scope in scopes:
        for node in _nodes(scope):
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                    found.setdefault(name, []).append((scope, node))
    return found


def _plain(node: ast.expr) -> Iterator[str]:
    """A text, or the texts of a constant that is named in its place."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Name(id=name) | ast.Attribute(attr=name) if name.isupper():
            for home in _homes(name):
                for value in _bound(name, home):
                    yield from _texts(value, home, home, frozenset({name}))


def _binds(node: ast.Assign, name: str) -> bool:
    return any(
        isinstance(n, ast.Name) and n.id == name for target in node.targets for n in _nodes(target)
    )


@functools.cache
def _imported_from(name: str, tree: ast.Module) -> tuple[str, ...]:
    imports = [node for node in _nodes(tree) if isinstance(node, ast.ImportFrom)]
    ours = [(str(node.module), node.names) for node in imports if node.module in trees()]
    return tuple(module for module, aliases in ours for each in aliases if each.name == name)


def _called(call: ast.Call, tree: ast.Module, seen: frozenset[str]) -> Iterator[str]:
    if not isinstance(call.func, ast.Name) or call.func.id in seen:
        return
    name = call.func.id
    seen |= {name}
    for module in (tree, *(trees()[m] for m in _imported_from(name, tree))):
        for node in _nodes(module):
            if isinstance(node, ast.FunctionDef) and node.name == name:
                for value in _returned(node):
                    yield from _texts(value, node, module, seen)


def _returned(node: ast.AST) -> Iterator[ast.expr]:
    for inner in _nodes(node):
        if isinstance(inner, ast.Return) and inner.value is not None:
            yield inner.value
