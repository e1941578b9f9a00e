"""Every SQL text of the code is made of constants, of what `sql_text` and `sql_name` give, and of such texts again.

The code is read, not run: a hole of an SQL f-string must lead back to one of these, through variables, functions and
all of their callers. What the reader cannot follow stands in DECLARED with the reason why it is no way in.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ingest.registry import Tolerances

ROOT = Path(__file__).parents[2]
PACKAGES = ("ingest", "expectations", "orchestration")
HELPERS = {"sql_text", "sql_name", "int", "float", "len"}
SQL = re.compile(
    r"\s*(select|with|from|insert|update|delete|create|drop|copy|attach|describe|comment on|alter|export|case|read_csv"
    r"|read_parquet)\b[ (]"
)
COMPREHENSIONS = (ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)
# attributes that are numbers or, as `lake_columns`, DuckDB types of the registry's own
NUMBERS_AND_TYPES = {"lake_columns", "skip_lines", "year"}
OF_CHECKS = "SQL of a check, whose own texts are read here"
OF_DBT = "made by dbt of our own project's files"
OF_TABLES = "names and types of a Table, which stand in the code; those of facts come from our own dbt models"
DECLARED = {
    ("expectations/engine.py", "name"): "names of views and tables of a check stand in the code",
    ("expectations/engine.py", "query"): OF_CHECKS,
    ("expectations/engine.py", "sql.replace('{batch}', CANDIDATE)"): OF_CHECKS,
    ("expectations/engine.py", "next(self._number)"): "a number",
    ("expectations/runner.py", "check.failing"): OF_CHECKS,
    ("expectations/one_load.py", "bounds[0]"): "a number of the registry, which pydantic has checked",
    ("expectations/one_load.py", "bounds[1]"): "a number of the registry, which pydantic has checked",
    ("expectations/one_load.py", "condition"): "made by fits() of the same function, by both helpers",
    ("ingest/lake.py", "str(reject).lower()"): "true or false",
    ("orchestration/corrections.py", "repr(value)"): "a number: texts have gone through sql_text the line before",
    ("orchestration/history.py", "fact.split('.')"): "a fact is a model of our own dbt project",
    ("orchestration/history.py", "history.name"): OF_TABLES,
    ("orchestration/publish.py", "table"): "read from the catalogue: schemas of ours, tables of our own dbt models",
    ("orchestration/publish.py", "column"): "read from the catalogue: columns of our own dbt models",
    ("orchestration/warehouse.py", "table.name"): OF_TABLES,
    ("orchestration/warehouse.py", "kind"): OF_TABLES,
    ("orchestration/warehouse_assets.py", "relation"): OF_DBT,
    ("orchestration/warehouse_assets.py", "result['compiled_code']"): OF_DBT,
}


@dataclass
class Function:
    """A scope of the code: a function, a comprehension, or the module itself."""

    module: str
    node: ast.AST
    outer: Function | None = None

    @property
    def name(self) -> str:
        return getattr(self.node, "name", "")

    @property
    def parameters(self) -> list[ast.arg]:
        if not isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef):
            return []
        told = self.node.args
        return [*told.posonlyargs, *told.args, *told.kwonlyargs]


@dataclass
class Code:
    """All functions, who calls them, and what each SQL f-string is filled with."""

    functions: list[Function] = field(default_factory=list)
    calls: list[tuple[ast.Call, Function]] = field(default_factory=list)
    texts: list[tuple[ast.JoinedStr, Function]] = field(default_factory=list)
    asked: set[tuple[int, str]] = field(default_factory=set)
    used: set[tuple[str, str]] = field(default_factory=set)  # entries of DECLARED

    def read(self, module: str, source: str) -> None:
        tree = ast.parse(source)
        self._walk(tree, Function(module, tree))

    def _walk(self, node: ast.AST, inside: Function) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = Function(inside.module, node, inside)
            self.functions.append(inside)
        if isinstance(node, COMPREHENSIONS):
            inside = Function(inside.module, node, inside)
        if isinstance(node, ast.Call):
            self.calls.append((node, inside))
        if isinstance(node, ast.JoinedStr) and SQL.match(_lead(node)):
            self.texts.append((node, inside))
        for child in ast.iter_child_nodes(node):
            self._walk(child, inside)

    def doubtful(self) -> list[tuple[str, str]]:
        """Module and source of each hole that leads elsewhere."""
        holes = [
            (hole, inside)
            for text, inside in self.texts
            for hole in text.values
            if isinstance(hole, ast.FormattedValue)
        ]
        return sorted({(inside.module, ast.unparse(h.value)) for h, inside in holes if not self.is_safe(h, inside)})

    def is_safe(self, node: ast.expr | None, inside: Function) -> bool:
        if node is not None and (inside.module, ast.unparse(node)) in DECLARED:
            self.used.add((inside.module, ast.unparse(node)))
            return True
        match node:
            case None | ast.Constant():
                return True
            case ast.FormattedValue(value=value, format_spec=spec):
                # a format for numbers or dates refuses texts
                return spec is not None or self.is_safe(value, inside)
            case ast.JoinedStr(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.BoolOp(values=parts):
                return all(self.is_safe(part, inside) for part in parts)
            case ast.BinOp(left=left, right=right) | ast.IfExp(body=left, orelse=right):
                return self.is_safe(left, inside) and self.is_safe(right, inside)
            case ast.Starred(value=value) | ast.Subscript(value=value):
                return self.is_safe(value, inside)
            case ast.GeneratorExp(elt=element) | ast.ListComp(elt=element) | ast.SetComp(elt=element):
                return self.is_safe(element, Function(inside.module, node, inside))
            case ast.Dict(values=values):
                return all(self.is_safe(value, inside) for value in values)
            case ast.DictComp(value=value):
                return self.is_safe(value, Function(inside.module, node, inside))
            case ast.Attribute(value=ast.Attribute(attr="tolerances"), attr=name):
                return Tolerances.model_fields[name].annotation in (int, float, int | None)
            case ast.Attribute(attr=name) if name in NUMBERS_AND_TYPES:
                return True
            case ast.Name(id=name) | ast.Attribute(attr=name) if name.isupper():
                return True
            case ast.Attribute(value=ast.Name(id=name)) if name.isupper():
                return True
            case ast.Name(id=name):
                return self._is_safe_name(name, inside)
            case ast.Call():
                return self._is_safe_call(node, inside)
        return False

    def _is_safe_call(self, call: ast.Call, inside: Function) -> bool:
        name = _called(call)
        arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
        if name in HELPERS:
            return True
        if name == "map":
            return getattr(call.args[0], "id", getattr(call.args[0], "attr", "")) in HELPERS
        if name in ("join", "format", "values", "lower", "list", "tuple", "sorted", "fromkeys"):
            whole = [call.func.value] if isinstance(call.func, ast.Attribute) else []
            return all(self.is_safe(part, inside) for part in [*whole, *arguments])
        found = [
            f for f in self.functions if f.name == name and (not name.startswith("_") or f.module == inside.module)
        ]
        return bool(found) and all(self._returns_safe(function) for function in found)

    def _returns_safe(self, function: Function) -> bool:
        if (id(function.node), "return") in self.asked:
            return True  # asked further up already
        self.asked.add((id(function.node), "return"))
        given = [n.value for n in ast.walk(function.node) if isinstance(n, ast.Return | ast.Yield)]
        safe = all(self.is_safe(value, function) for value in given)
        if not safe:
            self.asked.discard((id(function.node), "return"))
        return safe

    def _is_safe_name(self, name: str, inside: Function) -> bool:
        if (id(inside.node), name) in self.asked:
            return True
        self.asked.add((id(inside.node), name))
        safe = self._all_bindings_safe(name, inside)
        if not safe:
            self.asked.discard((id(inside.node), name))
        return safe

    def _all_bindings_safe(self, name: str, inside: Function) -> bool:
        bound = list(_bindings(name, inside.node))
        parameter = next((a for a in inside.parameters if a.arg == name), None)
        if parameter is not None:
            if getattr(parameter.annotation, "id", "") not in ("int", "float", "bool"):
                bound += [None] if not (given := self._given(parameter, inside)) else []
                if any(not self.is_safe(value, caller) for value, caller in given) or None in bound:
                    return False
            bound = [value for value in bound if value is not None]
            return all(self.is_safe(value, inside) for value in bound)
        if not bound:
            return inside.outer is not None and self._is_safe_name(name, inside.outer)
        return all(value is not None and self.is_safe(value, inside) for value in bound)

    def _given(self, parameter: ast.arg, function: Function) -> list[tuple[ast.expr, Function]]:
        """What all callers pass for a parameter, and its default."""
        told = function.node.args  # type: ignore[union-attr]
        positional = [*told.posonlyargs, *told.args]
        place = next((n for n, a in enumerate(positional) if a is parameter), None)
        if positional and positional[0].arg in ("self", "cls") and place is not None:
            place -= 1
        defaults = dict(zip([a.arg for a in positional][::-1], told.defaults[::-1], strict=False))
        defaults |= {a.arg: d for a, d in zip(told.kwonlyargs, told.kw_defaults, strict=True) if d is not None}
        given = [(defaults[parameter.arg], function)] if parameter.arg in defaults else []
        for call, caller in self.calls:
            if _called(call) != function.name or (function.name.startswith("_") and caller.module != function.module):
                continue
            named = [k.value for k in call.keywords if k.arg == parameter.arg]
            if named or (place is not None and place < len(call.args)):
                given.append((named[0] if named else call.args[place], caller))
        return given


def _lead(text: ast.JoinedStr) -> str:
    """The text with each hole as a letter."""
    return "".join(part.value if isinstance(part, ast.Constant) else "x" for part in text.values)


def _called(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def _bindings(name: str, root: ast.AST) -> list[ast.expr | None]:
    """What a name is bound to within a function; None for what cannot be told."""
    found: list[ast.expr | None] = []
    for node in _own(root):
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    found += _bound(name, target, value)
            case ast.AnnAssign(target=target, value=value) | ast.AugAssign(target=target, value=value):
                found += _bound(name, target, value) if value is not None else []
            case ast.NamedExpr(target=target, value=value) | ast.For(target=target, iter=value):
                found += _bound(name, target, value)
            case ast.comprehension(target=target, iter=value):
                found += _bound(name, target, value)
    return found


def _own(root: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope, without those of the comprehensions and functions within it."""
    for child in ast.iter_child_nodes(root):
        if not isinstance(child, (*COMPREHENSIONS, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield child
            yield from _own(child)


def _bound(name: str, target: ast.expr, value: ast.expr) -> list[ast.expr | None]:
    if isinstance(target, ast.Name):
        return [value] if target.id == name else []
    if isinstance(target, ast.Tuple | ast.List):
        for place, part in enumerate(target.elts):
            if isinstance(part, ast.Name) and part.id == name:
                if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
                    return [value.elts[place]]
                if isinstance(value, ast.Call) and _called(value) == "items" and place == 1:
                    return [value.func.value]  # type: ignore[attr-defined]  # the values of a dictionary
                return [None]
            if isinstance(part, ast.Tuple) and any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(part)):
                return [None]
    return []


def code() -> Code:
    read = Code()
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            read.read(str(file.relative_to(ROOT)), file.read_text(encoding="utf-8"))
    return read


def test_no_text_from_outside_gets_into_sql():
    found = code()
    assert len(found.texts) > 80  # it does find them
    assert found.doubtful() == []
    assert DECLARED.keys() - found.used == set()  # none is kept that nothing needs


@pytest.mark.parametrize(
    ("source", "holes"),
    [
        ("def f(header):\n    return f'select {header} from t'", ["header"]),
        ("def f(column):\n    return f'select \"{column.source}\" from t'", ["column.source"]),
        (
            "def f(names):\n    listed = ', '.join(f'\"{n}\"' for n in names)\n    return f'select {listed} from t'",
            ["listed"],
        ),
        ("def f(names):\n    listed = ', '.join(map(str, names))\n    return f'select {listed} from t'", ["listed"]),
        ("def g(part):\n    return f'select {part}'\ndef f(row):\n    return g(row['x'])", ["part"]),
        ("def g(x):\n    return x.y\ndef f(x):\n    return f'select {g(x)}'", ["g(x)"]),
        ("def f(x):\n    name = 'a'\n    name = x\n    return f'drop table {name}'", ["name"]),
        ("def f(x):\n    return f'select {sql_name(x)} from t where a = {sql_text(x)}'", []),
        ("def f(xs):\n    listed = ', '.join(map(sql_name, xs))\n    return f'select {listed} from t'", []),
        ("def g(part):\n    return f'select {part}'\ndef f(x):\n    return g(sql_name(x))", []),
        ("def f(n: int):\n    return f'select {n} from {TABLE}'", []),
        ("def f():\n    return [f'drop {kind} t' for kind in ('table', 'view')]", []),
    ],
)
def test_the_reader_tells_texts_from_outside(source, holes):
    found = Code()
    found.read("m.py", source)
    assert [hole for _module, hole in found.doubtful()] == holes
