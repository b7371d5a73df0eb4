"""What the log keeps of a value is no content, whatever the value is."""

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from portal.audit.masking import mask_text, mask_values
from tests.schema.nasty import LONG, TEXTS

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=4) | st.sampled_from([*TEXTS.values(), LONG])
MASKED = r"\(\d+ (characters|items)\)|\+\d•+\d\d|\S•••@\S+"
values = st.recursive(
    st.none() | st.booleans() | st.integers(1000) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(texts)
def test_of_a_text_that_is_no_number_and_no_address_only_its_length_is_kept(text: str) -> None:
    masked = mask_text(f"{text} and more")
    assert masked == f"({len(text) + 9} characters)"


def test_numbers_and_addresses_keep_their_outline() -> None:
    assert mask_text("+12025550143") == "+1••••••••43"
    assert mask_text("jane.doe@example.com") == "j•••@example.com"
    assert mask_text("202 555 0143") == "(12 characters)"


@given(values)
def test_of_any_value_only_names_lengths_and_yes_or_no_are_kept(value: object) -> None:
    kept = mask_values("fields", value)
    for masked in _leaves(list(kept.values())):
        assert masked is None or isinstance(masked, bool) or re.fullmatch(MASKED, str(masked)), masked
    for path in kept:
        assert re.fullmatch(rf"fields(\.([A-Za-z_][\w.-]*|{MASKED}))*", path), path


def _leaves(values: list[Any]) -> list[object]:
    return [leaf for value in values for leaf in (_leaves(value) if isinstance(value, list) else [value])]


def test_names_of_fields_are_kept_unless_they_read_like_texts() -> None:
    given_fields = {
        "city": "Boston",
        "a body that only its reader may see": 1,
        "+12025550143": None,
        "deep": {"x": [1, 2]},
    }
    assert mask_values("fields", given_fields) == {
        "fields.city": "(6 characters)",
        "fields.(35 characters)": "(1 characters)",
        "fields.+1••••••••43": None,
        "fields.deep.x": ["(1 characters)", "(1 characters)"],
    }
    assert mask_values("fields", [{"secret": "x"}]) == {"fields": "(1 items)"}
    assert mask_values("fields", list(range(11))) == {"fields": "(11 items)"}
