"""Canceling in the schema."""

from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from portal.global_ids import split_global
from portal.messages.canceling import CancelProblem, cancel_batch, cancel_message
from portal.problems import refuse
from portal_schema.batches import MessageBatch, find_batch
from portal_schema.context import Info
from portal_schema.messages import Message, find_message
from portal_schema.payloads import UserError
from portal_schema.plans import Allowance
from portal_schema.sending import SEND, allowance_now


@strawberry.enum(description="Why nothing was canceled.")
class MessageCancelErrorCode(Enum):
    """The problems that `messageCancel` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such message or send.")
    TOO_LATE = strawberry.enum_value("TOO_LATE", description="It has left already.")


@strawberry.type(description="Why nothing was canceled.", directives=SEND)
class MessageCancelUserError(UserError):
    """One problem."""

    code: MessageCancelErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `messageCancel`.", directives=SEND)
class MessageCancelPayload:
    """What was canceled, or errors."""

    errors: list[MessageCancelUserError] = strawberry.field(description="What is wrong; empty on success.")
    message: Message | None = strawberry.field(default=None, description="The message, if the id was a message's.")
    batch: MessageBatch | None = strawberry.field(default=None, description="The send, if the id was a send's.")
    canceled: int = strawberry.field(default=0, description="How many messages were canceled.")
    allowance: Allowance | None = strawberry.field(default=None, description="The allowance after it.")


@strawberry.type
class CancelingMutations:
    """The root field that cancels."""

    @strawberry.mutation(
        description="Cancel a message, or all of a send that has not left yet. Its units are given back.",
        directives=SEND,
    )
    async def message_cancel(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="A message's id or a send's.")],
    ) -> MessageCancelPayload | None:
        tx, now = info.context.tx, info.context.now
        kind, key = split_global(id) or ("", UUID(int=0))
        if kind == "Message":
            canceled = await cancel_message(tx, key, now=now)
            message, batch = await find_message(info, id, frozenset({"batch", "contact", "template", "timeline"})), None
        elif kind == "MessageBatch":
            canceled = await cancel_batch(tx, key, now=now)
            message, batch = None, await find_batch(info, id)
        else:
            raise refuse(CancelProblem.NOT_FOUND, "There is no such message or send.", "id")
        return MessageCancelPayload(
            message=message,
            batch=batch,
            canceled=len(canceled.message_ids),
            allowance=await allowance_now(info),
            errors=[],
        )
