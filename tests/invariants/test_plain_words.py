"""Names are the field's nouns, not the private words of one house; functions are short enough to read."""

import ast
import collections
from pathlib import Path

import shijin

SOURCE = Path(shijin.__file__).parent
# As a whole name, these say that something was said or found, but not what it is.
WHOLE = frozenset(
    [
        "told",
        "tell",
        "said",
        "say",
        "saying",
        "asked",
        "ask",
        "given",
        "found",
        "heard",
        "own",
        "taken",
        "wanted",
        "apart",
        "taught",
        "learnt",
        "lent",
        "meant",
        "beside",
        "begun",
        "kept",
        "leads",
    ]
)
# As a part of a name too: told_rows.
PARTS = frozenset(
    [
        "told",
        "tell",
        "said",
        "saying",
        "asked",
        "heard",
        "taught",
        "learnt",
        "lent",
        "beside",
        "wanted",
        "kept",
        "begun",
    ]
)
MOST_SHARE = 0.01
MOST_FUNCTION_LINES, P90_FUNCTION_LINES = 50, 20


def bound_names() -> collections.Counter[str]:
    """Every name that a parameter, an assignment, a function or a class binds, and how often."""
    names: collections.Counter[str] = collections.Counter()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names[node.id] += 1
            elif isinstance(node, ast.arg):
                names[node.arg] += 1
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                names[node.name] += 1
    return names


def is_private(name: str) -> bool:
    parts = name.lower().strip("_").split("_")
    return bool(set(parts) & PARTS) or (len(parts) == 1 and parts[0] in WHOLE)


def test_private_words_are_recognised() -> None:
    assert is_private("told")
    assert is_private("told_rows")
    assert is_private("_found")
    assert not is_private("found_rows")
    assert not is_private("rows")


def test_few_names_are_private_words() -> None:
    names = bound_names()
    private = {name: count for name, count in names.items() if is_private(name)}
    assert sum(names.values()) > 10_000
    assert sum(private.values()) <= MOST_SHARE * sum(names.values()), private


def lengths() -> dict[str, int]:
    """Lines of every function without its docstring."""
    found: dict[str, int] = {}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                lines = node.end_lineno - node.lineno + 1
                if ast.get_docstring(node) is not None:
                    first = node.body[0]
                    assert first.end_lineno is not None
                    lines -= first.end_lineno - first.lineno + 1
                found[f"{path.relative_to(SOURCE)}:{node.lineno}:{node.name}"] = lines
    return found


def test_functions_fit_on_a_screen() -> None:
    of = lengths()
    assert {
        name: lines for name, lines in of.items() if lines > MOST_FUNCTION_LINES and not name.startswith("cli/")
    } == {}
    assert sorted(of.values())[int(0.9 * len(of))] <= P90_FUNCTION_LINES
