"""What publishing needs of the provider: the port that `twilio_gateway` implements."""

from dataclasses import dataclass
from typing import Protocol

from portal.messages.provider import ProviderCredentials
from portal.templates.content import NumberedText


@dataclass(frozen=True, slots=True)
class Published:
    """The provider has it, under a reference of its own."""

    reference: str


@dataclass(frozen=True, slots=True)
class NotTaken:
    """The provider said no, and will say no again."""

    error: str | None  # the provider's number of the reason


class ContentProvider(Protocol):
    """Keeps texts and fills them; a question without an answer raises ProviderUnavailableError."""

    async def publish(self, credentials: ProviderCredentials, name: str, text: NumberedText) -> Published | NotTaken:
        """Have it keep a text under this name; without an answer it may be there all the same."""
        ...

    async def find(self, credentials: ProviderCredentials, name: str) -> str | None:
        """The reference of the oldest text of this name, or None."""
        ...

    async def withdraw(self, credentials: ProviderCredentials, reference: str) -> None:
        """Delete a text; one that is gone is deleted."""
        ...
