"""Sending and estimating in the schema."""

import math
import unicodedata
from collections import Counter
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.messages.batches import read_batches_by_id
from portal.messages.channels import MessageChannel
from portal.messages.composing import Composition
from portal.messages.refusals import RefusalCode
from portal.messages.segments import Encoding, SegmentCount
from portal.messages.senders import find_ready
from portal.messages.sending import Estimate, SendRequest, estimate, send
from portal.messages.throughput import expected_duration
from portal.plans.allowance import read_allowance
from portal.problems import RefusedError
from portal_schema.batches import MessageBatch
from portal_schema.compositions import MessageEstimateInput, MessageSendInput, composition_of, timing_of
from portal_schema.context import Info
from portal_schema.errors import ErrorCode, RequestError
from portal_schema.guards import BEFORE, requires
from portal_schema.media import look_at_media, media_given
from portal_schema.money import Money
from portal_schema.payloads import UserError
from portal_schema.plans import Allowance
from portal_schema.policy import PolicyVerdict

SEND = requires(Permission.MESSAGES_SEND)


@strawberry.type(description="How many recipients are refused for a reason.", directives=SEND)
class RefusalCount:
    """A reason and a number."""

    code: RefusalCode = strawberry.field(description="The reason.")
    count: int = strawberry.field(description="How many recipients.")


@strawberry.type(description="What a send would do, if it were made now.", directives=SEND)
class MessageEstimate:
    """An estimate; that of `portal.messages` becomes it by `of`."""

    channel: MessageChannel = strawberry.field(description="What would carry it: MMS with media, and else SMS.")
    recipients: int = strawberry.field(description="How many would get a message.")
    refusals: list[RefusalCount] = strawberry.field(description="How many would be refused, by reason.")
    preview: str | None = strawberry.field(
        description="The first recipient's text; null where nobody would get one.",
        directives=requires(Permission.MESSAGES_READ),
    )
    encoding: Encoding = strawberry.field(description="How the first recipient's text travels.")
    encoding_reason: str | None = strawberry.field(description="What made the text travel as UCS-2, if it does.")
    segments: int = strawberry.field(description="The segments of the first recipient's text.")
    total_segments: int = strawberry.field(description="The segments of all recipients' texts.")
    allowance_after: Allowance | None = strawberry.field(description="The allowance as the send would leave it.")
    price: Money | None = strawberry.field(
        description="The most that it would come to beside the plan's fee; 0 where that includes it.",
        directives=requires(Permission.BILLING_READ),
    )
    verdicts: list[PolicyVerdict] = strawberry.field(description="What each rule of policy says of the texts.")
    sender_id: strawberry.Private[UUID | None]

    @strawberry.field(
        description="How many seconds pass until the last has left, behind what waits already: by the pace of the plan "
        "and of the number; null where no number is ready."
    )
    async def expected_duration(self, info: Info) -> int | None:
        async with info.context.reading() as tx:
            sender = await find_ready(tx, self.channel, self.sender_id)
            if sender is None:
                return None
            messages, segments = self.recipients, self.total_segments
            taken = await expected_duration(tx, sender, messages=messages, segments=segments, now=info.context.now)
        return math.ceil(taken.total_seconds())

    @classmethod
    def of(cls, worked_out: Estimate, composition: Composition) -> "MessageEstimate":
        """The estimate in the schema."""
        recipients = [recipient for _, recipient in worked_out.composed.recipients]
        counts = Counter(refusal.code for refusal in worked_out.composed.refusals)
        size = recipients[0].size if recipients else SegmentCount(Encoding.GSM_7, 0, None)
        return cls(
            channel=composition.channel,
            recipients=len(recipients),
            refusals=[RefusalCount(code=code, count=counts[code]) for code in RefusalCode if counts[code]],
            preview=recipients[0].text if recipients else None,
            encoding=size.encoding,
            encoding_reason=encoding_reason(size),
            segments=size.segments,
            total_segments=sum(recipient.size.segments for recipient in recipients),
            allowance_after=Allowance.of(worked_out.allowance_after),
            price=Money.of(worked_out.price),
            verdicts=[PolicyVerdict.of(verdict) for verdict in worked_out.verdicts],
            sender_id=composition.sender_id,
        )


def encoding_reason(size: SegmentCount) -> str | None:
    """What made a text travel as UCS-2, if it does, for people."""
    if size.culprit is None:
        return None
    code = f"U+{ord(size.culprit):04X}"
    name = unicodedata.name(size.culprit, "a control character")
    return (
        f"The character {size.culprit} ({code}, {name}) is not in the GSM alphabet, "
        "so each segment holds 70 characters in place of 160."
    )


@strawberry.enum(description="Why a send was not accepted.")
class MessageSendErrorCode(Enum):
    """The problems that `messageSend` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such template in use, or no such number.")
    INVALID = strawberry.enum_value("INVALID", description="A value is missing, too long or not of the kind asked for.")
    INVALID_TIME = strawberry.enum_value("INVALID_TIME", description="The time is past, or more than 35 days ahead.")
    TOO_MANY_RECIPIENTS = strawberry.enum_value("TOO_MANY_RECIPIENTS", description="More than 10,000 recipients.")
    RECIPIENTS_REFUSED = strawberry.enum_value(
        "RECIPIENTS_REFUSED", description="Some recipients are refused, and `SEND_NONE` was asked for."
    )
    IDEMPOTENCY_CONFLICT = strawberry.enum_value(
        "IDEMPOTENCY_CONFLICT", description="The key was used for another request."
    )
    IDEMPOTENCY_IN_PROGRESS = strawberry.enum_value(
        "IDEMPOTENCY_IN_PROGRESS", description="The same request is being worked on: ask again with the same key."
    )
    NO_SENDER = strawberry.enum_value(
        "NO_SENDER", description="The tenant has no number to send from, or no plan, yet."
    )
    SENDER_NOT_READY = strawberry.enum_value("SENDER_NOT_READY", description="The number cannot send messages yet.")
    TENANT_NOT_ACTIVE = strawberry.enum_value(
        "TENANT_NOT_ACTIVE", description="The tenant is suspended, or not set up yet: nothing is sent."
    )
    POLICY = strawberry.enum_value(
        "POLICY", description="The text breaks a rule of policy, whoever gets it: change it as the message says."
    )
    TEMPLATE_NOT_READY = strawberry.enum_value(
        "TEMPLATE_NOT_READY", description="The messaging service does not have this `CONTENT` template, yet or at all."
    )
    MEDIA_NOT_ALLOWED = strawberry.enum_value(
        "MEDIA_NOT_ALLOWED", description="Media are not fetched from there: the address has to be public, with HTTPS."
    )
    MEDIA_UNREACHABLE = strawberry.enum_value(
        "MEDIA_UNREACHABLE", description="The address of a medium does not answer with one in time."
    )
    MEDIA_TYPE = strawberry.enum_value("MEDIA_TYPE", description="What is there is of no type that carriers take.")
    MEDIA_TOO_LARGE = strawberry.enum_value("MEDIA_TOO_LARGE", description="All media together have more than 5 MB.")


@strawberry.type(description="Why a send was not accepted.", directives=SEND)
class MessageSendUserError(UserError):
    """One problem."""

    code: MessageSendErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `messageSend`.", directives=SEND)
class MessageSendPayload:
    """The batch, or errors."""

    errors: list[MessageSendUserError] = strawberry.field(description="What is wrong; empty on success.")
    batch: MessageBatch | None = strawberry.field(
        default=None, description="The send: who got which message, and who was refused and why."
    )
    allowance: Allowance | None = strawberry.field(default=None, description="The allowance after it.")
    idempotent_replay: bool = strawberry.field(
        default=False, description="Whether an earlier request with this key made the batch."
    )


@strawberry.type
class SendingQueries:
    """The root field that estimates."""

    @strawberry.field(
        description="What a send would do, without doing it, and a scheduled one if its time were now; null before the "
        "tenant has a plan.",
        directives=requires(Permission.MESSAGES_SEND, cost=20),
    )
    async def message_estimate(
        self,
        info: Info,
        input: Annotated[MessageEstimateInput, strawberry.argument(description="The send.")],
    ) -> MessageEstimate | None:
        try:
            media = media_given(info.context.outside.media, input.media_urls)
            composition = composition_of(input, info.context.addresses.preferences, media)
            timing = timing_of(input)
            worked_out = await estimate(info.context.tx, composition, timing, now=info.context.now)
        except RefusedError as refusal:
            (problem, *_) = refusal.problems
            raise RequestError(ErrorCode.BAD_USER_INPUT, problem.message, path=["input", *problem.path]) from refusal
        return None if worked_out is None else MessageEstimate.of(worked_out, composition)


@strawberry.type
class SendingMutations:
    """The root field that sends."""

    @strawberry.mutation(
        description="Send a template or a text to up to 10,000 people. "
        "Accepted messages are sent even if nobody waits for them.",
        directives=requires(Permission.MESSAGES_SEND, cost=20),
        metadata={BEFORE: look_at_media},
    )
    async def message_send(
        self,
        info: Info,
        input: Annotated[MessageSendInput, strawberry.argument(description="What to send to whom.")],
    ) -> MessageSendPayload | None:
        tx = info.context.tx
        composition = composition_of(input, info.context.addresses.preferences, info.context.media)
        request = SendRequest(input.idempotency_key, composition, input.on_refusal, timing=timing_of(input))
        sent = await send(tx, request, info.context.principal.actor, now=info.context.now)
        batch = (await read_batches_by_id(tx, [sent.batch_id]))[sent.batch_id]
        return MessageSendPayload(
            batch=MessageBatch.of(batch), allowance=await allowance_now(info), idempotent_replay=sent.replay, errors=[]
        )


async def allowance_now(info: Info) -> Allowance | None:
    """The allowance as it is in this transaction."""
    state = await read_allowance(info.context.tx, now=info.context.now)
    return None if state is None else Allowance.of(state)
