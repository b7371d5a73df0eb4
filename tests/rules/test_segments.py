"""Segments, against a naive encoder that builds the parts octet by octet from the printed GSM 03.38 table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.messages.segments import Encoding, SegmentCount, count_segments

# GSM 03.38 section 6.2.1, in the order of its codes 0x00 to 0x7F; 0x1B is the escape, which no text holds.
TABLE = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
ESCAPED = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
SEPTETS = {character: [code] for code, character in enumerate(TABLE) if character != "\x1b"} | {
    character: [0x1B, code] for character, code in ESCAPED.items()
}
GSM = st.text(st.sampled_from(sorted(SEPTETS)), max_size=500)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
MIXED = st.text(st.sampled_from("ab€[ñ\u0107中😀\x1b"), max_size=400)


def parts_of(text: str) -> tuple[Encoding, list[list[int]]]:
    """The text as a phone's encoder cuts it: units in parts, no character torn."""
    if all(character in SEPTETS for character in text):
        encoding, whole, part = Encoding.GSM_7, 160, 153
        units = [SEPTETS[character] for character in text]
    else:
        encoding, whole, part = Encoding.UCS_2, 70, 67
        raw = [character.encode("utf-16-be") for character in text]
        units = [[int.from_bytes(code[at : at + 2], "big") for at in range(0, len(code), 2)] for code in raw]
    flat = [unit for character in units for unit in character]
    if len(flat) <= whole:
        return encoding, [flat]
    parts: list[list[int]] = [[]]
    for character in units:
        if len(parts[-1]) + len(character) > part:
            parts.append([])
        parts[-1] += character
    return encoding, parts


@given(st.one_of(GSM, ANY, MIXED))
def test_the_count_is_that_of_the_encoder(text: str) -> None:
    encoding, parts = parts_of(text)
    counted = count_segments(text)
    assert (counted.encoding, counted.segments) == (encoding, len(parts))


@given(st.one_of(ANY, MIXED))
def test_the_culprit_is_the_first_character_that_the_gsm_alphabet_lacks(text: str) -> None:
    strange = [character for character in text if character not in SEPTETS]
    assert count_segments(text).culprit == (strange[0] if strange else None)


@given(MIXED)
def test_no_part_begins_with_the_second_half_of_a_character(text: str) -> None:
    encoding, parts = parts_of(text)
    assert count_segments(text).segments == len(parts)
    for part in parts[1:]:
        assert encoding is Encoding.GSM_7 or not 0xDC00 <= part[0] < 0xE000
    for part in parts:
        assert encoding is Encoding.UCS_2 or part[-1:] != [0x1B]


@given(ANY, ANY)
def test_a_longer_text_never_takes_fewer_segments(text: str, more: str) -> None:
    assert count_segments(text + more).segments >= count_segments(text).segments


@pytest.mark.parametrize("character", sorted(SEPTETS))
def test_each_character_of_the_table_travels_in_seven_bits(character: str) -> None:
    room = 160 // len(SEPTETS[character])
    assert count_segments(character * room) == SegmentCount(Encoding.GSM_7, 1, None)
    assert count_segments(character * (room + 1)) == SegmentCount(Encoding.GSM_7, 2, None)


@pytest.mark.parametrize(
    ("text", "encoding", "segments"),
    [
        ("", Encoding.GSM_7, 1),
        ("a" * 160, Encoding.GSM_7, 1),
        ("a" * 161, Encoding.GSM_7, 2),
        ("a" * 306, Encoding.GSM_7, 2),
        ("a" * 307, Encoding.GSM_7, 3),
        ("€" * 80, Encoding.GSM_7, 1),
        ("a" * 152 + "€" + "a" * 152, Encoding.GSM_7, 3),  # the escape does not stay behind alone: 152, 153, 1
        ("a" * 1600, Encoding.GSM_7, 11),
        ("ć" * 70, Encoding.UCS_2, 1),
        ("ć" * 71, Encoding.UCS_2, 2),
        ("ć" * 134, Encoding.UCS_2, 2),
        ("ć" * 135, Encoding.UCS_2, 3),
        ("😀" * 35, Encoding.UCS_2, 1),
        ("😀" * 36, Encoding.UCS_2, 2),
        ("😀" * 66, Encoding.UCS_2, 2),  # 33 pairs a part: a 67th unit would tear the next pair
        ("😀" * 67, Encoding.UCS_2, 3),
        ("a" * 159 + "ć", Encoding.UCS_2, 3),  # one such character makes all of them wide
    ],
)
def test_the_borders_are_where_the_standard_puts_them(text: str, encoding: Encoding, segments: int) -> None:
    counted = count_segments(text)
    assert (counted.encoding, counted.segments) == (encoding, segments)
