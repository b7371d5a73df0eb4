"""What the provider tells of messages to a tenant: the port that `twilio_gateway` implements."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from portal.conversations.keywords import Keyword
from portal.messages.provider import ProviderCredentials


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A message to one of the tenant's numbers."""

    reference: str  # the provider's name of it: heard twice it is one
    sender: str  # E.164, a short code, or a name
    recipient: str  # the tenant's number, E.164
    body: str = field(repr=False)
    media_count: int
    segments: int
    handled: Keyword | None  # the keyword that the provider has answered already, where it does so itself
    received_at: datetime


class InboundMessages(Protocol):
    """Reads the provider's callbacks, whose fields only the gateway knows."""

    def read(self, fields: Mapping[str, str], received_at: datetime) -> InboundMessage | None:
        """The message in these form fields, or None where they hold none."""
        ...


class InboundLog(Protocol):
    """What the provider's log has of messages to a number: it tells what no callback told."""

    async def received_by(
        self, credentials: ProviderCredentials, number: str, *, since: datetime
    ) -> list[InboundMessage]:
        """The messages to this number since then, newest first.

        Raises:
            ProviderUnavailableError: no answer.
        """
        ...
