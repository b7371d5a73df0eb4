"""The words by which people leave, come back and ask for help. Pure."""

import string
from enum import StrEnum
from types import MappingProxyType


class Keyword(StrEnum):
    """What a whole message of one such word asks for."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"


# The carriers' usual words (CTIA's and Twilio's defaults).
_WORDS = MappingProxyType(
    dict.fromkeys(("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"), Keyword.STOP)
    | dict.fromkeys(("START", "UNSTOP"), Keyword.START)
    | dict.fromkeys(("HELP", "INFO"), Keyword.HELP)
)
_AGREED = "YES"
_AROUND = string.whitespace + string.punctuation + "\u00a0\u2018\u2019\u201c\u201d\u2026"  # phones make quotes curly


def keyword_in(text: str, *, opted_out: bool) -> Keyword | None:
    """What a message asks for when it is one keyword and nothing else.

    Args:
        text: the whole message; case, and spaces and punctuation around the word, mean nothing.
        opted_out: whether its sender has left: only then does a bare "yes" ask to come back.
    """
    word = text.strip(_AROUND).upper()
    if word == _AGREED:
        return Keyword.START if opted_out else None
    return _WORDS.get(word)
