"""Smart replacement: what looks alike travels as GSM-7, and nothing ever takes more segments for it."""
# ruff: noqa: RUF001  characters that are easily mistaken for others are what this is about

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.messages.look_alikes import with_look_alikes
from portal.messages.segments import Encoding, count_segments
from tests.rules.test_segments import GSM

TYPOGRAPHIC = "“”‘’„‚«»‹›–—…•\u00a0\u202f\u200b\u2028½¼″′÷＠Ａ９´`"
WRITTEN = st.text(st.sampled_from("ab €[" + TYPOGRAPHIC + "é\u0301ć中😀"), max_size=400)


@given(WRITTEN)
def test_the_text_is_replaced_as_a_whole_or_not_at_all_and_never_takes_more_segments(text: str) -> None:
    replaced = with_look_alikes(text)
    assert replaced == text or count_segments(replaced).encoding is Encoding.GSM_7
    assert count_segments(replaced).segments <= count_segments(text).segments
    assert with_look_alikes(replaced) == replaced


@given(GSM)
def test_what_travels_as_gsm_7_stays_as_it_is(text: str) -> None:
    assert with_look_alikes(text) == text


@pytest.mark.parametrize("character", TYPOGRAPHIC)
def test_one_typographic_character_no_longer_makes_a_text_wide(character: str) -> None:
    text = "a" * 100 + character
    assert count_segments(text).segments == 2
    assert count_segments(with_look_alikes(text)).segments == 1


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("“Don’t” – it’s 5 km…", "\"Don't\" - it's 5 km..."),
        (unicodedata.normalize("NFD", "Café Zürich"), "Café Zürich"),  # an accent of its own is another character
        ("2½ — “yes” 👍", "2½ — “yes” 👍"),  # wide anyway: nothing would be won
        ("½" * 67, "½" * 67),  # 201 septets are two segments, 67 characters of UCS-2 are one
    ],
)
def test_it_reads_the_same(text: str, sent: str) -> None:
    assert with_look_alikes(text) == sent
