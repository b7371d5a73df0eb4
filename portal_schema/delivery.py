"""Who a message is from and for, and what happened on the way, in the schema."""

from datetime import datetime
from enum import Enum

import strawberry

from auth.permissions import Permission
from portal.messages.issues import CATALOGUE, DeliveryIssueCode, IssueActor
from portal.messages.reading import EventRow
from portal.messages.recording import EventSource
from portal.messages.status import MessageStatus
from portal_schema.guards import requires
from portal_schema.scalars import CountryCode, PhoneNumber

LOGS = requires(Permission.LOGS_READ)
CONTENT = requires(Permission.MESSAGES_READ)


@strawberry.enum(description="Which way a message goes.")
class MessageDirection(Enum):
    """Out or in."""

    OUTBOUND = strawberry.enum_value("OUTBOUND", description="From the tenant.")
    INBOUND = strawberry.enum_value("INBOUND", description="To the tenant.")


@strawberry.type(description="Who a message is from.", directives=LOGS)
class Sender:
    """A number, whole or masked."""

    masked_number: str | None = strawberry.field(description="The number with its middle hidden.")
    number: PhoneNumber | None = strawberry.field(description="The whole number.", directives=CONTENT)


@strawberry.type(description="Who a message is for.", directives=LOGS)
class Recipient:
    """A number, whole or masked."""

    masked_number: str = strawberry.field(description="The number with its middle hidden.")
    number: PhoneNumber | None = strawberry.field(description="The whole number.", directives=CONTENT)
    country: CountryCode | None = strawberry.field(description="The number's country.")


@strawberry.type(description="One of the pictures or other media that are sent with a text.", directives=CONTENT)
class MessageMedia:
    """A medium, as it was when the message was accepted."""

    url: str = strawberry.field(description="Where it is fetched from when the message leaves.")
    content_type: str | None = strawberry.field(description="What it is, by its media type: image/png.")
    size: int | None = strawberry.field(description="How large it is, in bytes.")


@strawberry.type(description="One line of a message's timeline.", directives=LOGS)
class MessageEvent:
    """An event; rows of `portal.messages` become it by `of`."""

    status: MessageStatus = strawberry.field(description="What became of the message.")
    at: datetime = strawberry.field(description="When it happened, as far as the carrier says.")
    heard_at: datetime = strawberry.field(description="When the portal learnt of it.")
    source: EventSource = strawberry.field(description="Who told.")
    issue: DeliveryIssueCode | None = strawberry.field(description="The reason, where something went wrong.")

    @classmethod
    def of(cls, row: EventRow) -> "MessageEvent":
        """The event in this row."""
        return cls(status=row.status, at=row.at, heard_at=row.heard_at, source=row.source, issue=row.issue)


@strawberry.type(description="Why a message did not arrive, and what to do about it.", directives=LOGS)
class DeliveryIssue:
    """An entry of the one catalogue of reasons."""

    code: DeliveryIssueCode = strawberry.field(description="The reason for machines.")
    reason: str = strawberry.field(description="The reason in plain words.")
    advice: str = strawberry.field(description="What to do about it.")
    actor: IssueActor = strawberry.field(description="Who can do something about it.")
    retryable: bool = strawberry.field(description="Whether sending again may help.")

    @classmethod
    def of(cls, code: DeliveryIssueCode) -> "DeliveryIssue":
        """The catalogue's entry for this code."""
        entry = CATALOGUE[code]
        return cls(code=code, reason=entry.reason, advice=entry.advice, actor=entry.actor, retryable=entry.retryable)
