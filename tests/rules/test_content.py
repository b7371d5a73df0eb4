"""Texts with numbered variables: filled by the numbers they say the same as filled by the names."""

import re

from hypothesis import given
from hypothesis import strategies as st

from portal.templates.content import content_variables, numbered
from portal.templates.rendering import TemplateVariable, ValueOrigin, render, variables_in
from tests.rules.test_rendering import NAMES, TEXTS, VALUES


@given(st.lists(st.tuples(TEXTS, NAMES, VALUES), max_size=8), TEXTS)
def test_a_text_filled_by_numbers_says_what_it_says_filled_by_names(
    pieces: list[tuple[str, str, str]], end: str
) -> None:
    given = {name: value for _, name, value in pieces}
    variables = [TemplateVariable(name, "a default", "", required=True) for name in given]
    body = "".join(f"{text}{{{{ {name} }}}}" for text, name, _ in pieces) + end
    rendered = render(body, variables, (ValueOrigin.CALLER, given), on_one_line=True)
    text, filling = numbered(body, variables), content_variables(body, rendered.values)
    assert re.sub(r"\{\{([0-9]+)\}\}", lambda match: filling[match[1]], text.body) == rendered.text
    assert list(filling) == list(text.examples) == [str(place + 1) for place in range(len(variables_in(body)))]
    # What Twilio refuses with error 21656.
    assert not any(value == "" or re.search(r"[\n\r\t]| {5}", value) for value in filling.values())
    assert all(text.examples.values())
