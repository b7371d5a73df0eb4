"""How many segments a text takes, as carriers and Twilio count them (GSM 03.38). Pure."""

from dataclasses import dataclass
from enum import StrEnum

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")  # each takes an escape and itself


class Encoding(StrEnum):
    """How a text travels."""

    GSM_7 = "GSM_7"
    UCS_2 = "UCS_2"


@dataclass(frozen=True, slots=True)
class SegmentCount:
    """What a text takes; `culprit` is the first character that GSM-7 lacks, which made the whole text UCS-2."""

    encoding: Encoding
    segments: int
    culprit: str | None


_LAST_OF_ONE_UNIT = 0xFFFF  # UTF-16 writes what lies beyond as two units
_SINGLE = {Encoding.GSM_7: 160, Encoding.UCS_2: 70}
_PART = {Encoding.GSM_7: 153, Encoding.UCS_2: 67}  # six octets of each part say which part it is


def count_segments(text: str) -> SegmentCount:
    """Count a text's segments; a character that takes two units is never torn apart, an empty text takes one."""
    culprit = next((character for character in text if character not in _GSM and character not in _EXTENSION), None)
    if culprit is None:
        encoding, sizes = Encoding.GSM_7, [2 if character in _EXTENSION else 1 for character in text]
    else:
        encoding, sizes = Encoding.UCS_2, [2 if ord(character) > _LAST_OF_ONE_UNIT else 1 for character in text]
    if sum(sizes) <= _SINGLE[encoding]:
        return SegmentCount(encoding, 1, culprit)
    segments, room = 0, 0
    for size in sizes:
        if size > room:
            segments, room = segments + 1, _PART[encoding]
        room -= size
    return SegmentCount(encoding, segments, culprit)
