"""The table of security checks: what is attacked, and the tests that prove the answer, or why there is none.

A test says what it proves by ids in its name (`test_rs_01_…`), or in the ids of its cases ("RS-01 …").
`python -m tests.security.checks` prints the table; with `--write` it puts it into docs/SECURITY.md, behind the text.
"""

import ast
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "SECURITY.md"
MARK = "<!-- What follows is made by: python -m tests.security.checks --write -->\n"
_IN_NAME = re.compile(r"test_((?:(?:rs|as|bf|az|tn|gq)_\d{2}_)+)")
_IN_CASE = re.compile(r"(?:(?:RS|AS|BF|AZ|TN|GQ)-\d{2}(?:[ ,/]+|\b))+")
_DATA = tomllib.loads((Path(__file__).parent / "checks.toml").read_text(encoding="utf-8"))
TITLES: dict[str, str] = _DATA["titles"]
WHAT: dict[str, str] = {f"{area}-{number}": what for area in TITLES for number, what in _DATA[area].items()}
LEFT_OUT: dict[str, str] = _DATA["left_out"]


def proofs_by_check() -> dict[str, list[str]]:
    """For each id the tests that carry it, as `file::name` below tests/."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(TESTS.rglob("test_*.py")):
        for name, check in ids_in(path.read_text(encoding="utf-8")):
            found[check].add(f"{path.relative_to(TESTS)}::{name}")
    return {check: sorted(names) for check, names in found.items()}


def ids_in(source: str) -> Iterator[tuple[str, str]]:
    """The tests of a module with each of their ids."""
    module = ast.parse(source)
    tables: dict[str, ast.AST] = {}
    for node in module.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        tables |= {target.id: node for target in targets if isinstance(target, ast.Name)}
    for test in ast.walk(module):
        if isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef) and test.name.startswith("test_"):
            named = _IN_NAME.match(test.name)
            ids = re.findall(r"\w\w_\d\d", named[1]) if named else []
            yield from ((test.name, one.upper().replace("_", "-")) for one in ids)
            for decorator in test.decorator_list:
                yield from ((test.name, one) for one in _ids_of_cases(decorator, tables, set()))


def _ids_of_cases(node: ast.AST, tables: dict[str, ast.AST], seen: set[str]) -> Iterator[str]:
    """The ids that begin texts in a decorator, or in the tables of the module that it names."""
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and (ids := _IN_CASE.match(part.value)):
            yield from re.findall(r"\w\w-\d\d", ids[0])
        elif isinstance(part, ast.Name) and part.id in tables and part.id not in seen:
            seen.add(part.id)
            yield from _ids_of_cases(tables[part.id], tables, seen)


def table() -> str:
    """The table in Markdown."""
    proven = proofs_by_check()
    lines = []
    for area, title in TITLES.items():
        lines += ["", f"### {title}", "", "| id | what is attacked | what proves the answer |", "|---|---|---|"]
        for check, what in WHAT.items():
            if check.startswith(area):
                tests = "<br>".join(f"`{name}`" for name in proven.get(check, ()))
                lines.append(f"| {check} | {what} | {tests or 'left out: ' + LEFT_OUT.get(check, '?')} |")
    proved = sum(check in proven for check in WHAT)
    head = (
        f"{len(WHAT)} checks: {proved} are proven by tests (files below `tests/`), {len(WHAT) - proved} are left out."
    )
    return "\n".join([head, *lines]) + "\n"


def main() -> None:
    """Print the table, or write it behind the page's text."""
    if "--write" not in sys.argv[1:]:
        sys.stdout.write(table())
        return
    text, _, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    PAGE.write_text(f"{text}{MARK}\n{table()}", encoding="utf-8")


if __name__ == "__main__":
    main()
