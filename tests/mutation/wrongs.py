"""Ways in which a line of Python can be wrong: one small change at a time.

What is no behavior stays: annotations, docstrings, assertions, decorators, what an exception says,
types of arrays, and the demand that zipped sequences be of one length.
"""

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
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
_CALCULATED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.RShift: ast.LShift,
    ast.LShift: ast.RShift,
}
_OPPOSITES = [
    ("any", "all"), ("any_of", "all_of"), ("min", "max"), ("minimum", "maximum"),
    ("fmin", "fmax"), ("logical_and", "logical_or"), ("first", "last"), ("left", "right"),
    ("low", "high"), ("below", "above"), ("at_or_below", "at_or_above"), ("yes", "no"),
    ("confirmed_yes", "confirmed_no"), ("eq", "ne"), ("lowest", "highest"),
]  # fmt: skip
_OPPOSITE = {**dict(_OPPOSITES), **{two: one for one, two in _OPPOSITES}}
_NO_BEHAVIOR = {"strict", "dtype", "stacklevel"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """A module with one change."""

    name: str
    """Function and change, one name each: a record of survivors refers to it."""
    where: str
    """Qualified name of the function, "" for the module itself."""
    lines: tuple[int, int]
    """First and last line of the statement that is changed."""
    tree: ast.Module
    """The changed module, until the next one is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edit:
    """A change that can be made and taken back."""

    shown: Callable[[], ast.AST]
    """What is printed before and after."""
    make: Callable[[], None]
    undo: Callable[[], None]
    label: str = ""
    """Printed instead, where before and after would not show the change."""


def list_wrongs(source: str) -> Iterator[Wrong]:
    """Make every change of a module, one after the other."""
    tree = ast.parse(source)
    seen: Counter[str] = Counter()
    for where, statement, edit in _edits_of(tree.body, ""):
        before = _write(edit.shown())
        edit.make()
        ast.fix_missing_locations(tree)
        after = _write(edit.shown())
        name = f"{where or 'module'}: {edit.label or f'{before} → {after}'}"
        seen[name] += 1
        number = f" (no. {seen[name]})" if seen[name] > 1 else ""
        end = statement.end_lineno or statement.lineno
        yield Wrong(name=name + number, where=where, lines=(statement.lineno, end), tree=tree)
        edit.undo()


def _write(node: ast.AST) -> str:
    text = " ".join(ast.unparse(ast.fix_missing_locations(node)).split())
    return text if len(text) <= 90 else f"{text[:60]} … {text[-27:]}"


def _edits_of(body: list[ast.stmt], where: str) -> Iterator[tuple[str, ast.stmt, _Edit]]:
    for place, statement in enumerate(body):
        match statement:
            case ast.FunctionDef(name=name):
                inner = f"{where}.{name}" if where else name
                defaults = [*statement.args.defaults, *filter(None, statement.args.kw_defaults)]
                for default in defaults:
                    for edit in _of_expression(default, statement.args):
                        yield inner, statement, edit
                yield from _edits_of(statement.body, inner)
                continue
            case ast.ClassDef(name=name):
                yield from _edits_of(statement.body, f"{where}.{name}" if where else name)
                continue
            case ast.Assert() | ast.Import() | ast.ImportFrom() | ast.Raise() | ast.Pass():
                continue
            case ast.Expr(value=ast.Constant()):
                continue
        for edit in _of_statement(statement, body, place):
            yield where, statement, edit
        nested = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
        for block in nested:
            yield from _edits_of(block, where)
        if isinstance(statement, ast.Match):
            for case in statement.cases:
                yield from _edits_of(case.body, where)


def _of_statement(statement: ast.stmt, body: list[ast.stmt], place: int) -> Iterator[_Edit]:
    if isinstance(statement, ast.AugAssign | ast.Expr):
        yield _swap_item(body, place, ast.Pass(), shown=statement)
    match statement:
        case ast.AugAssign(target=target, value=value, op=op):
            plain = ast.Assign(targets=[_stored(target)], value=value, lineno=statement.lineno)
            yield _swap_item(body, place, plain, shown=statement)
            if type(op) in _CALCULATED:
                yield _set(statement, "op", _CALCULATED[type(op)](), shown=statement)
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if _uses(value, name):
            yield _swap_item(body, place, ast.Pass(), shown=statement)
        case ast.If(test=test):
            for value, how in ((True, "always"), (False, "never")):
                edit = _set(statement, "test", ast.Constant(value), shown=test)
                yield replace(edit, label=f"if {_write(test)}: {how}")
        case ast.Match(cases=cases) if len(cases) > 1:
            for number, case in enumerate(cases):
                if not isinstance(case.pattern, ast.MatchAs) or case.pattern.pattern:
                    edit = _drop(cases, number, shown=case.pattern)
                    yield replace(edit, label=f"case {_write(case.pattern)}: left out")
        case ast.Continue() | ast.Break():
            yield _swap_item(body, place, ast.Pass(), shown=statement)
    for name, value in ast.iter_fields(statement):
        if name in ("body", "orelse", "finalbody", "cases", "annotation", "targets", "target"):
            continue
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, ast.expr):
                yield from _of_expression(item, statement if _is_short(statement) else item)
            elif isinstance(item, ast.withitem):
                yield from _of_expression(item.context_expr, item)


def _is_short(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign | ast.AugAssign | ast.Return | ast.Expr)


def _uses(value: ast.expr, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(value))


def _stored(target: ast.AST) -> ast.expr:
    assert isinstance(target, ast.expr)
    return target


def _of_expression(node: ast.expr, parent: ast.AST) -> Iterator[_Edit]:
    match node:
        # What only types read; and arrays beside each other are of one length.
        case (
            ast.Subscript(value=ast.Name(id="Literal"))
            | ast.Call(func=ast.Name(id="TypeVar" | "cast" | "len"))
        ):
            return
        case ast.Compare(ops=ops):
            for place, op in enumerate(ops):
                for other in _COMPARED[type(op)]:
                    yield _swap_item(ops, place, other(), shown=node)
        case ast.BinOp(op=op) if type(op) in _CALCULATED:
            yield _set(node, "op", _CALCULATED[type(op)](), shown=node)
        case ast.BoolOp(op=op):
            other_op = ast.Or() if isinstance(op, ast.And) else ast.And()
            yield _set(node, "op", other_op, shown=node)
        case ast.UnaryOp(operand=operand):
            yield _become(node, operand, shown=parent)
        case ast.Constant(value=value):
            yield from (_set(node, "value", wrong, shown=parent) for wrong in _other(value))
        case ast.Name(id=name) if name in _OPPOSITE and isinstance(parent, ast.Call | ast.keyword):
            yield _set(node, "id", _OPPOSITE[name], shown=parent)
        case ast.Attribute(attr=name) if name in _OPPOSITE:
            yield _set(node, "attr", _OPPOSITE[name], shown=parent)
        case ast.Call(keywords=keywords):
            for place, keyword in enumerate(keywords):
                if keyword.arg not in (None, *_NO_BEHAVIOR):
                    edit = _drop(keywords, place, shown=node)
                    yield replace(edit, label=f"{_write(node.func)}() without {keyword.arg}")
        case ast.IfExp(body=body, orelse=orelse):
            yield _become(node, body, shown=parent)
            yield _become(node, orelse, shown=parent)
        case ast.Subscript(slice=ast.Slice(lower=lower, upper=upper)) if lower or upper:
            yield _become(node, node.value, shown=parent)
        case ast.Lambda():
            yield from _of_expression(node.body, node)
            return
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            for each in node.generators:
                for place in range(len(each.ifs)):
                    yield _drop(each.ifs, place, shown=node)
        case ast.JoinedStr():
            for part in node.values:
                if isinstance(part, ast.Constant):
                    yield _set(part, "value", f"{part.value}XX", shown=node)
                elif isinstance(part, ast.FormattedValue) and part.format_spec:
                    yield _set(part, "format_spec", None, shown=node)
            return
    for child, holder in _children(node):
        yield from _of_expression(child, holder)


def _children(node: ast.expr) -> Iterator[tuple[ast.expr, ast.AST]]:
    """Give the parts of an expression, each with what is printed of it: the whole, or its keyword."""
    for name, value in ast.iter_fields(node):
        if isinstance(node, ast.Compare) and name == "ops":
            continue
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, ast.expr):
                yield item, node
            elif isinstance(item, ast.keyword) and item.arg not in _NO_BEHAVIOR:
                yield item.value, item
            elif isinstance(item, ast.comprehension):
                yield item.iter, node
                yield from ((each, node) for each in item.ifs)


def _other(value: object) -> list[object]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, value - 1]
    if isinstance(value, str):
        return [_OPPOSITE.get(value, f"{value}XX")]
    return []


def _set(node: ast.AST, field: str, value: object, shown: ast.AST) -> _Edit:
    old = getattr(node, field)
    return _Edit(
        shown=lambda: shown,
        make=lambda: setattr(node, field, value),
        undo=lambda: setattr(node, field, old),
    )


def _swap_item(items: list, place: int, value: ast.AST, shown: ast.AST) -> _Edit:  # type: ignore[type-arg]
    old = items[place]

    def make() -> None:
        items[place] = ast.copy_location(value, shown)

    def undo() -> None:
        items[place] = old

    return _Edit(shown=lambda: items[place] if shown is old else shown, make=make, undo=undo)


def _drop(items: list, place: int, shown: ast.AST) -> _Edit:  # type: ignore[type-arg]
    old = items[place]
    return _Edit(
        shown=lambda: shown,
        make=lambda: items.pop(place),
        undo=lambda: items.insert(place, old),
    )


def _become(node: ast.expr, other: ast.expr, shown: ast.AST) -> _Edit:
    """Put another expression where one stands, whoever holds it."""
    kind, state = node.__class__, dict(node.__dict__)

    def make() -> None:
        node.__class__ = other.__class__
        node.__dict__.clear()
        node.__dict__.update(other.__dict__)

    def undo() -> None:
        node.__class__ = kind
        node.__dict__.clear()
        node.__dict__.update(state)

    return _Edit(shown=lambda: shown, make=make, undo=undo)
