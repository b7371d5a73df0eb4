"""What is said in a call. Pure."""

from dataclasses import dataclass
from enum import StrEnum

LONGEST = 700  # characters: with each of them escaped it fits into what the provider takes of instructions
_SLOWEST = 8  # characters a second, of the slowest voice
_PAUSE = 15  # seconds of greeting and silence beside it


class SpeechLanguage(StrEnum):
    """The language, and with it the voice, that a text is read in."""

    EN_US = "en-US"
    EN_GB = "en-GB"
    ES_ES = "es-ES"
    ES_MX = "es-MX"
    FR_CA = "fr-CA"
    FR_FR = "fr-FR"
    DE_DE = "de-DE"
    IT_IT = "it-IT"
    PT_BR = "pt-BR"


@dataclass(frozen=True, slots=True)
class Speech:
    """A text that is read out."""

    text: str
    language: SpeechLanguage

    @property
    def seconds(self) -> int:
        """How long reading it takes at most."""
        return len(self.text) // _SLOWEST + _PAUSE


def wrong_with(text: str) -> str | None:
    """Why this text cannot be read out, or None."""
    if not 1 <= len(text.strip()) <= LONGEST or len(text) > LONGEST:
        return f"An announcement has 1 to {LONGEST} characters."
    # What is no character of XML would break the instructions that it travels in.
    if not all(character.isprintable() or character in "\n\t " for character in text):
        return "An announcement is plain text: it holds characters that nobody can read out."
    return None
