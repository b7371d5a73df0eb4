"""Twilio as a model: it does to each request what it was told, and knows what it took."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from uuid import UUID

from portal.clock import Clock, new_id
from portal.messages.issues import DeliveryIssueCode
from portal.messages.provider import (
    Accepted,
    OutgoingMessage,
    ProviderCredentials,
    ProviderMessage,
    ProviderUnavailableError,
    Refused,
    SendOutcome,
    Throttled,
    Unknown,
)
from portal.messages.status import MessageStatus

LIFE = (MessageStatus.SENDING, MessageStatus.SENT)  # and then its end
ENDS = (MessageStatus.DELIVERED, MessageStatus.UNDELIVERED, MessageStatus.FAILED)
_ISSUE = DeliveryIssueCode.UNREACHABLE


class Way(Enum):
    """What becomes of one request to send."""

    ACCEPTED = auto()
    REFUSED = auto()
    THROTTLED = auto()
    UNKNOWN_AND_MADE = auto()
    UNKNOWN_AND_NOT_MADE = auto()
    KILLED_AND_MADE = auto()  # the worker dies before it hears of it
    KILLED_AND_NOT_MADE = auto()


class Killed(BaseException):
    """The worker is dead: no code of its own runs any more."""


@dataclass
class Made:
    """A message that was taken, and how far it is."""

    message_id: UUID
    reference: str
    recipient: str
    sender: str | None
    body: str
    created_at: datetime
    ends_as: MessageStatus
    steps: int = 0

    @property
    def life(self) -> list[MessageStatus]:
        """What has happened to it so far, and what callbacks may therefore tell of."""
        return [*LIFE, self.ends_as][: self.steps + 1]


@dataclass
class ModelTwilio:
    """The port `MessageProvider`, without a network."""

    clock: Clock
    ways: deque[Way] = field(default_factory=deque)  # of the next requests; those behind them are accepted
    ends: deque[MessageStatus] = field(default_factory=deque)
    made: list[Made] = field(default_factory=list)
    is_away: bool = False  # whether questions get no answer

    async def send(self, credentials: ProviderCredentials, message: OutgoingMessage) -> SendOutcome:
        """What the next way says."""
        del credentials
        way = self.ways.popleft() if self.ways else Way.ACCEPTED
        if way in {Way.ACCEPTED, Way.UNKNOWN_AND_MADE, Way.KILLED_AND_MADE}:
            self.made.append(
                Made(
                    message_id=UUID(message.status_callback.rpartition("/")[2]),
                    reference=f"SM{new_id(self.clock.now()).hex}",
                    recipient=message.recipient,
                    sender=message.sender,
                    body=message.body,
                    created_at=self.clock.now(),
                    ends_as=self.ends.popleft() if self.ends else MessageStatus.DELIVERED,
                )
            )
        match way:
            case Way.ACCEPTED:
                return Accepted(self.made[-1].reference, MessageStatus.SENDING)
            case Way.REFUSED:
                return Refused(_ISSUE, "21614")
            case Way.THROTTLED:
                return Throttled(timedelta(seconds=1))
            case Way.UNKNOWN_AND_MADE | Way.UNKNOWN_AND_NOT_MADE:
                return Unknown("no answer")
        raise Killed

    async def sent_to(
        self, credentials: ProviderCredentials, recipient: str, *, since: datetime
    ) -> list[ProviderMessage]:
        """What the log has."""
        del credentials
        self._answer()
        return [_shown(one) for one in self.made if one.recipient == recipient and one.created_at >= since]

    async def fetch(self, credentials: ProviderCredentials, reference: str) -> ProviderMessage | None:
        """One message."""
        del credentials
        self._answer()
        return next((_shown(one) for one in self.made if one.reference == reference), None)

    async def sent_between(
        self, credentials: ProviderCredentials, since: datetime, until: datetime
    ) -> list[ProviderMessage]:
        """A page of the log."""
        del credentials
        self._answer()
        return [_shown(one) for one in self.made if since <= one.created_at <= until]

    def _answer(self) -> None:
        if self.is_away:
            raise ProviderUnavailableError


def _shown(one: Made) -> ProviderMessage:
    status = one.life[-1]
    return ProviderMessage(
        reference=one.reference,
        recipient=one.recipient,
        sender=one.sender,
        messaging_service=None,
        body=one.body,
        status=status,
        issue=_ISSUE if status in {MessageStatus.UNDELIVERED, MessageStatus.FAILED} else None,
        created_at=one.created_at,
        status_at=one.created_at,
    )
