"""How many segments a text takes (GSM 03.38)."""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")  # each takes two places


def count_segments(text: str) -> int:
    """The number of segments; one character outside GSM-7 turns the whole text to UCS-2."""
    if _BASIC.union(_EXTENDED).issuperset(text):
        widths = [2 if character in _EXTENDED else 1 for character in text]
        return _fill(widths, alone=160, joined=153)
    return _fill([len(character.encode("utf-16-be")) // 2 for character in text], alone=70, joined=67)


def _fill(widths: list[int], *, alone: int, joined: int) -> int:
    if sum(widths) <= alone:
        return 1
    segments, room = 1, joined
    for width in widths:
        if width > room:  # an escape or a surrogate pair is not split
            segments, room = segments + 1, joined
        room -= width
    return segments
