"""Filling texts: each variable from the first source that knows it, and nothing else is touched."""

import re

from hypothesis import assume, given
from hypothesis import strategies as st

from portal.templates.rendering import TemplateVariable, ValueOrigin, render, variables_in

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,10}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="{}"), max_size=20)
VALUES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
CALLER, CONTACT = ValueOrigin.CALLER, ValueOrigin.CONTACT
SOURCES = st.dictionaries(NAMES, VALUES, max_size=4)


def variable(name: str, *, default: str | None = None, required: bool = True) -> TemplateVariable:
    return TemplateVariable(name, default, "example", required)


@given(st.lists(st.tuples(TEXTS, NAMES, VALUES), max_size=6), TEXTS)
def test_texts_between_variables_stay_and_values_stand_for_their_names(
    pieces: list[tuple[str, str, str]], end: str
) -> None:
    values = {name: value for _, name, value in pieces}
    body = "".join(f"{text}{{{{{name}}}}}" for text, name, _ in pieces) + end
    expected = "".join(text + values[name] for text, name, _ in pieces) + end
    rendered = render(body, [], (CALLER, values))
    assert (rendered.text, rendered.missing) == (expected, ())
    assert variables_in(body) == list(dict.fromkeys(name for _, name, _ in pieces))


@given(NAMES, SOURCES, SOURCES)
def test_the_first_source_that_knows_a_variable_wins(name: str, first: dict[str, str], second: dict[str, str]) -> None:
    rendered = render(f"{{{{ {name} }}}}", [variable(name, default="default")], (CALLER, first), (CONTACT, second))
    origin = CALLER if name in first else CONTACT if name in second else ValueOrigin.DEFAULT
    assert rendered.text == first.get(name, second.get(name, "default"))
    assert rendered.values == {name: (rendered.text, origin)}
    assert rendered.missing == ()


@given(NAMES, NAMES, VALUES)
def test_a_value_that_looks_like_a_variable_is_not_filled_again(name: str, other: str, secret: str) -> None:
    assume(name != other)
    rendered = render(f"{{{{{name}}}}}", [], (CALLER, {name: f"{{{{{other}}}}}", other: secret}))
    assert rendered.text == f"{{{{{other}}}}}"


@given(st.lists(NAMES, min_size=1, max_size=5))
def test_each_required_variable_that_nothing_fills_is_named_once_in_order(names: list[str]) -> None:
    rendered = render(" ".join(f"{{{{{name}}}}}" for name in names), [variable(name) for name in names])
    assert rendered.missing == tuple(dict.fromkeys(names))


@given(NAMES)
def test_an_optional_variable_that_nothing_fills_leaves_nothing(name: str) -> None:
    rendered = render(f"a{{{{{name}}}}}b", [variable(name, required=False)], (CALLER, {name: ""}))
    assert (rendered.text, rendered.missing) == ("ab", ())


@given(st.text(max_size=60))
def test_any_text_is_rendered_without_a_fault_and_what_is_no_variable_stays(body: str) -> None:
    rendered = render(body, [], (CALLER, {name: name for name in variables_in(body)}))
    assert rendered.missing == ()
    assert rendered.text == re.sub(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]{0,49})\s*\}\}", r"\1", body)
