"""Putting off what waits for its time, in the schema."""

from datetime import datetime
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from portal.global_ids import split_global
from portal.messages.scheduling import RescheduleProblem, reschedule_batch, reschedule_message
from portal.problems import refuse
from portal_schema.batches import MessageBatch, find_batch
from portal_schema.context import Info
from portal_schema.messages import Message, find_message
from portal_schema.payloads import UserError
from portal_schema.sending import SEND


@strawberry.enum(description="Why nothing was rescheduled.")
class MessageRescheduleErrorCode(Enum):
    """The problems that `messageReschedule` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such message or send.")
    INVALID_TIME = strawberry.enum_value(
        "INVALID_TIME",
        description="The time is past, more than 35 days ahead, or in quiet hours that never end for a recipient.",
    )
    TOO_LATE = strawberry.enum_value("TOO_LATE", description="It does not wait for its time any more.")


@strawberry.type(description="Why nothing was rescheduled.", directives=SEND)
class MessageRescheduleUserError(UserError):
    """One problem."""

    code: MessageRescheduleErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `messageReschedule`.", directives=SEND)
class MessageReschedulePayload:
    """What was put off, or errors."""

    errors: list[MessageRescheduleUserError] = strawberry.field(description="What is wrong; empty on success.")
    message: Message | None = strawberry.field(default=None, description="The message, if the id was a message's.")
    batch: MessageBatch | None = strawberry.field(default=None, description="The send, if the id was a send's.")
    rescheduled: int = strawberry.field(default=0, description="How many messages wait for the new time.")


@strawberry.type
class SchedulingMutations:
    """The root field that puts off."""

    @strawberry.mutation(
        description="Let a message, or all of a send that still waits for its time, wait for another time. "
        "Where it respects quiet hours, it waits for their end too.",
        directives=SEND,
    )
    async def message_reschedule(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="A message's id or a send's.")],
        send_at: Annotated[
            datetime, strawberry.argument(description="The new time: not past, and at most 35 days ahead.")
        ],
    ) -> MessageReschedulePayload | None:
        tx, now = info.context.tx, info.context.now
        kind, key = split_global(id) or ("", UUID(int=0))
        if kind == "Message":
            rescheduled = await reschedule_message(tx, key, send_at, now=now)
            message, batch = await find_message(info, id, frozenset({"batch", "contact", "template", "timeline"})), None
        elif kind == "MessageBatch":
            rescheduled = await reschedule_batch(tx, key, send_at, now=now)
            message, batch = None, await find_batch(info, id)
        else:
            raise refuse(RescheduleProblem.NOT_FOUND, "There is no such message or send.", "id")
        return MessageReschedulePayload(
            message=message, batch=batch, rescheduled=len(rescheduled.message_ids), errors=[]
        )
