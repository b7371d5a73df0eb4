"""Phone numbers: one spelling for each, whatever people type, and no trace of the text in a refusal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.contacts.numbers import NotAPhoneNumberError, mask_number, parse_number

# Lines of the range that is reserved for fiction, in area codes that exist.
AMERICAN = st.builds(
    lambda area, line: f"+1{area}555{line:04d}", st.sampled_from(["202", "212", "415", "617"]), st.integers(100, 199)
)
SPELLINGS = (
    "{0}",
    "+1 ({1}) {2}-{3}",
    "({1}) {2}-{3}",
    "{1}.{2}.{3}",
    "1-{1}-{2}-{3}",
    " {1} {2} {3} ",
    "tel:+1-{1}-{2}-{3}",
    "001 {1} {2} {3}".replace("001", "011 1"),
)


@given(AMERICAN, st.sampled_from(SPELLINGS))
def test_every_usual_spelling_is_the_same_number(number: str, spelling: str) -> None:
    parsed = parse_number(spelling.format(number, number[2:5], number[5:8], number[8:]))
    assert (parsed.e164, parsed.country) == (number, "US")


@given(AMERICAN)
def test_a_number_once_parsed_parses_to_itself(number: str) -> None:
    parsed = parse_number(number)
    assert parse_number(parsed.e164) == parsed


@given(st.text(max_size=60))
def test_any_text_is_a_number_of_ours_or_a_refusal_that_does_not_repeat_it(text: str) -> None:
    try:
        parsed = parse_number(text)
    except NotAPhoneNumberError as refusal:
        assert len(text.strip()) < 8 or text not in str(refusal)  # noqa: PT017  a refusal is one of two good ends
    else:
        assert parsed.e164[0] == "+"
        assert parsed.e164[1:].isascii()
        assert parsed.e164[1:].isdigit()
        assert 8 <= len(parsed.e164) <= 16
        assert parse_number(parsed.e164) == parsed


@given(AMERICAN)
def test_a_masked_number_shows_its_country_and_two_digits_and_keeps_its_length(number: str) -> None:
    masked = mask_number(number)
    assert len(masked) == len(number)
    assert masked == f"+1{'•' * 8}{number[-2:]}"


@pytest.mark.parametrize(
    ("text", "e164", "country"),
    [
        ("+44 20 7946 0958", "+442079460958", "GB"),
        ("+49 30 901820", "+4930901820", "DE"),
        ("+800 1234 5678", "+80012345678", "001"),
        ("\uff0b12025550100", "+12025550100", "US"),  # a full-width plus, as some keyboards have it
        ("٢٠٢٥٥٥٠١٠٠", "+12025550100", "US"),
    ],
)
def test_numbers_of_the_world(text: str, e164: str, country: str) -> None:
    parsed = parse_number(text)
    assert (parsed.e164, parsed.country) == (e164, country)


@pytest.mark.parametrize(
    "text", ["", " ", "x", "911", "+1", "+1202555010", "+120255501000000000", "+999 12345678", "202-555-0100 ext. 5"]
)
def test_what_is_no_phone_number_is_refused(text: str) -> None:
    with pytest.raises(NotAPhoneNumberError):
        parse_number(text)
