"""What sending needs from the provider: the port that `twilio_gateway` implements."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from portal.messages.issues import DeliveryIssueCode
from portal.messages.status import MessageStatus


@dataclass(frozen=True, slots=True)
class ProviderCredentials:
    """One tenant's own access to its own subaccount: nothing else is ever sent with."""

    account_sid: str
    key_sid: str
    key_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OutgoingContent:
    """A text that the provider has and fills itself."""

    reference: str
    variables: Mapping[str, str]  # by number


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message to one recipient, ready to go."""

    recipient: str  # E.164
    body: str
    sender: str | None  # E.164; or None, and the messaging service picks one
    messaging_service: str | None
    status_callback: str  # an absolute URL that names the tenant and the message
    media_urls: tuple[str, ...] = ()  # with any it is an MMS
    content: OutgoingContent | None = None  # what is sent in place of the body, which is the same when it is filled


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it and gave it a reference of its own."""

    reference: str
    status: MessageStatus


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider said no, and will say no again: nothing was sent."""

    issue: DeliveryIssueCode
    error: str | None = None  # the provider's number of it, for ISV support


@dataclass(frozen=True, slots=True)
class Throttled:
    """Too many requests: nothing was sent, and trying again is safe (Twilio on error 429)."""

    retry_after: timedelta | None


@dataclass(frozen=True, slots=True)
class Unknown:
    """No answer, or one that does not tell: it may have been sent."""

    reason: str


SendOutcome = Accepted | Refused | Throttled | Unknown


@dataclass(frozen=True, slots=True)
class ProviderMessage:
    """A message as the provider's log shows it."""

    reference: str
    recipient: str
    sender: str | None
    messaging_service: str | None
    body: str
    status: MessageStatus
    issue: DeliveryIssueCode | None
    created_at: datetime
    status_at: datetime | None  # since when it stands there, where the provider says so
    error: str | None = None  # the provider's number of the reason


class ProviderUnavailableError(Exception):
    """The provider did not answer a question; ask again later."""


class MessageProvider(Protocol):
    """Sends, and tells what became of it; a question without an answer raises ProviderUnavailableError."""

    async def send(self, credentials: ProviderCredentials, message: OutgoingMessage) -> SendOutcome:
        """Hand one message over; every failure is an outcome, never an exception."""
        ...

    async def sent_to(
        self, credentials: ProviderCredentials, recipient: str, *, since: datetime
    ) -> list[ProviderMessage]:
        """The outbound messages to this recipient that the provider made since then."""
        ...

    async def fetch(self, credentials: ProviderCredentials, reference: str) -> ProviderMessage | None:
        """One message by its reference, or None where the provider has none of that name."""
        ...

    async def sent_between(
        self, credentials: ProviderCredentials, since: datetime, until: datetime
    ) -> list[ProviderMessage]:
        """The latest thousand messages that left between these instants: one request in place of many."""
        ...


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What one status callback says."""

    reference: str
    status: MessageStatus
    issue: DeliveryIssueCode | None
    at: datetime | None  # when it happened, where the provider says so
    error: str | None = None  # the provider's number of the reason


class StatusReports(Protocol):
    """Reads the provider's callbacks, whose fields only the gateway knows."""

    def read(self, fields: dict[str, str]) -> StatusReport | None:
        """The report in these form fields, or None where they hold no status that matters."""
        ...
