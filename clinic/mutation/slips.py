"""Every small slip that could have been made in a source: one at a time, each the whole source with it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

# The boundary and the opposite of each comparison.
COMPARISONS: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
CALLS: Final = {"max": "min", "min": "max", "any": "all", "all": "any"}
METHODS: Final = {"union": "intersection", "intersection": "union", "startswith": "endswith"}
# Types and decorators decide nothing when the engine runs; words of a refusal are built in f-strings.
NOT_CHANGED: Final = frozenset({"annotation", "returns", "decorator_list"})


@dataclass(frozen=True, slots=True)
class Slip:
    """`was` became `became` in `line`; `source` is the whole module with it."""

    line: int
    was: str
    became: str
    source: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a node hangs in the tree, so that another can hang there."""

    parent: ast.AST
    field: str
    index: int | None
    node: ast.AST

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


def slips(source: str) -> Iterator[Slip]:
    """In the order of the source."""
    tree = ast.parse(source)
    for place in list(_places(tree)):
        for instead in _instead_of(place):
            place.put(ast.fix_missing_locations(ast.copy_location(instead, place.node)))
            line = getattr(place.node, "lineno", 0)
            yield Slip(line, ast.unparse(place.node), ast.unparse(instead), ast.unparse(tree))
            place.put(place.node)


def _places(parent: ast.AST) -> Iterator[_Place]:
    for field, value in ast.iter_fields(parent):
        if field in NOT_CHANGED:
            continue
        for index, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(node, ast.AST) or isinstance(node, ast.JoinedStr | ast.Import | ast.ImportFrom):
                continue
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # a docstring
                continue
            yield _Place(parent, field, index, node)
            yield from _places(node)


def _instead_of(place: _Place) -> Iterator[ast.AST]:
    node: Any = place.node
    if place.field == "test" and not isinstance(node, ast.Compare):  # the opposite of a comparison is made below
        yield ast.UnaryOp(ast.Not(), node)
    if place.field == "ifs":
        yield ast.Constant(True)
    change = _CHANGES.get(type(node))
    if change is not None:
        yield from change(node)


def _compare(node: ast.Compare) -> Iterator[ast.AST]:
    for index, op in enumerate(node.ops):
        for other in COMPARISONS[type(op)]:
            ops = [*node.ops[:index], other(), *node.ops[index + 1 :]]
            yield ast.Compare(node.left, ops, node.comparators)


def _both_or_either(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    for left_out in range(len(node.values)):
        values = [value for index, value in enumerate(node.values) if index != left_out]
        yield ast.BoolOp(node.op, values) if len(values) > 1 else values[0]


def _arithmetic(node: ast.BinOp) -> Iterator[ast.AST]:
    yield ast.BinOp(node.left, ARITHMETIC[type(node.op)](), node.right)


def _sign(node: ast.UnaryOp) -> Iterator[ast.AST]:
    yield node.operand


def _constant(node: ast.Constant) -> Iterator[ast.AST]:
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int | float):
        yield ast.Constant(node.value + 1)
    elif isinstance(node.value, str):
        yield ast.Constant(f"another {node.value}")


def _call(node: ast.Call) -> Iterator[ast.AST]:
    if isinstance(node.func, ast.Name) and node.func.id in CALLS:
        yield ast.Call(ast.Name(CALLS[node.func.id]), node.args, node.keywords)
    if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
        yield ast.Call(ast.Attribute(node.func.value, METHODS[node.func.attr]), node.args, node.keywords)


def _one_or_the_other(node: ast.IfExp) -> Iterator[ast.AST]:
    yield node.body
    yield node.orelse


def _return(node: ast.Return) -> Iterator[ast.AST]:
    if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
        yield ast.Return(ast.Constant(None))


def _left_out(_node: ast.stmt) -> Iterator[ast.AST]:
    yield ast.Pass()


_CHANGES: Final[dict[type[ast.AST], Any]] = {
    ast.Compare: _compare,
    ast.BoolOp: _both_or_either,
    ast.BinOp: _arithmetic,
    ast.UnaryOp: _sign,
    ast.Constant: _constant,
    ast.Call: _call,
    ast.IfExp: _one_or_the_other,
    ast.Return: _return,
    ast.Expr: _left_out,
    ast.Raise: _left_out,
    ast.Continue: _left_out,
    ast.AugAssign: _left_out,
}
