"""What look-ups need of the provider: the port that `twilio_gateway` implements."""

from dataclasses import dataclass
from typing import Protocol

from portal.contacts.preferences import LineType
from portal.messages.provider import ProviderCredentials


@dataclass(frozen=True, slots=True)
class LineReport:
    """What the provider knows of a number."""

    valid: bool
    country: str | None  # by ISO 3166-1 alpha-2
    type: LineType | None  # None: it told nothing of the line, and asks nothing for that


class LineProvider(Protocol):
    """Tells what a number is."""

    async def look_up(self, credentials: ProviderCredentials, number: str) -> LineReport:
        """What is known of this number in E.164.

        Raises:
            ProviderUnavailableError: no answer, or a refusal; it may be asked again later.
        """
        ...
