"""How many segments a text takes, as carriers and Twilio count them (GSM 03.38). Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

_GSM = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = "\f^{}\\[~]|€"  # each takes an escape and itself


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


_NOT_GSM = re.compile(f"[^{re.escape(_GSM + _EXTENSION)}]")
_EXTENDED = re.compile(f"[{re.escape(_EXTENSION)}]")
_BEYOND = re.compile("[\U00010000-\U0010ffff]")  # UTF-16 writes each as two units
_SINGLE = {Encoding.GSM_7: 160, Encoding.UCS_2: 70}
_PART = {Encoding.GSM_7: 153, Encoding.UCS_2: 67}  # six octets of each part say which part it is


def count_segments(text: str) -> SegmentCount:
    """Count a text's segments; a character that takes two units is never torn apart, an empty text takes one."""
    strange = _NOT_GSM.search(text)
    culprit, encoding = (None, Encoding.GSM_7) if strange is None else (strange[0], Encoding.UCS_2)
    doubles = [found.start() for found in (_EXTENDED if culprit is None else _BEYOND).finditer(text)]
    units = len(text) + len(doubles)
    segments = 1 if units <= _SINGLE[encoding] else _parts(units, doubles, _PART[encoding])
    return SegmentCount(encoding, segments, culprit)


def _parts(units: int, doubles: Sequence[int], room: int) -> int:
    """How many parts hold so many units, where the characters at `doubles` take two each.

    A part that would end in the middle of a character leaves its last unit empty, so all behind moves on by one.
    """
    moved = 0
    for earlier, place in enumerate(doubles):
        if (place + earlier + moved) % room == room - 1:
            moved += 1
    return -(-(units + moved) // room)
