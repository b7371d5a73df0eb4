"""What is done in conversations, in the schema: read, and answered."""

from enum import Enum
from typing import Annotated

import strawberry

from auth.permissions import Permission
from portal.conversations.read_marks import mark_read
from portal.conversations.replying import Reply, reply
from portal.messages.reading import read_message_of_batch
from portal.plans.allowance import read_allowance
from portal_schema.compositions import variables_of
from portal_schema.connections import selected
from portal_schema.context import Info
from portal_schema.conversations import Conversation, find_conversation
from portal_schema.delivery import CONTENT
from portal_schema.guards import requires
from portal_schema.messages import Message, read_message
from portal_schema.nodes import key_of
from portal_schema.payloads import UserError
from portal_schema.plans import Allowance
from portal_schema.scalars import Json

SEND = requires(Permission.MESSAGES_SEND)


@strawberry.enum(description="Why a conversation was not marked as read.")
class ConversationReadErrorCode(Enum):
    """The problems that `conversationRead` can have."""

    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is no such conversation.")


@strawberry.enum(description="Why an answer was not accepted. It cost nothing.")
class ConversationReplyErrorCode(Enum):
    """The problems that `conversationReply` can have."""

    NOT_FOUND = strawberry.enum_value(
        "NOT_FOUND", description="There is no such conversation, or no such template in use."
    )
    INVALID = strawberry.enum_value("INVALID", description="A value is missing, too long or not of the kind asked for.")
    OPTED_OUT = strawberry.enum_value("OPTED_OUT", description="The person asked not to receive messages.")
    PREFERENCE = strawberry.enum_value("PREFERENCE", description="The person chose another channel.")
    LANDLINE = strawberry.enum_value("LANDLINE", description="The number is a landline, which takes no messages.")
    MISSING_VARIABLE = strawberry.enum_value("MISSING_VARIABLE", description="Nothing fills a variable of the text.")
    TEXT_TOO_LONG = strawberry.enum_value(
        "TEXT_TOO_LONG", description="With its variables filled the text is empty or longer than 1,600 characters."
    )
    POLICY = strawberry.enum_value("POLICY", description="The text breaks a rule of policy: see the message.")
    TEMPLATE_NOT_READY = strawberry.enum_value(
        "TEMPLATE_NOT_READY", description="The messaging service does not have this `CONTENT` template, yet or at all."
    )
    PAUSED = strawberry.enum_value(
        "PAUSED", description="Messages to numbers like this one looked like fraud and are stopped."
    )
    ALLOWANCE_EXHAUSTED = strawberry.enum_value(
        "ALLOWANCE_EXHAUSTED", description="The allowance of the period does not reach this answer."
    )
    COUNTRY_NOT_IN_PLAN = strawberry.enum_value(
        "COUNTRY_NOT_IN_PLAN", description="The plan does not reach the recipient's country."
    )
    CREDITS_EXHAUSTED = strawberry.enum_value(
        "CREDITS_EXHAUSTED", description="The allowance is used up, and the credits do not reach this answer."
    )
    SPEND_CAP_REACHED = strawberry.enum_value(
        "SPEND_CAP_REACHED", description="The answer would go over the spend cap of the month."
    )
    IDEMPOTENCY_CONFLICT = strawberry.enum_value(
        "IDEMPOTENCY_CONFLICT", description="The key was used for another answer."
    )
    IDEMPOTENCY_IN_PROGRESS = strawberry.enum_value(
        "IDEMPOTENCY_IN_PROGRESS", description="The same answer is being worked on: ask again with the same key."
    )
    NO_SENDER = strawberry.enum_value(
        "NO_SENDER", description="The tenant has no number to send from, or no plan, yet."
    )
    TENANT_NOT_ACTIVE = strawberry.enum_value(
        "TENANT_NOT_ACTIVE", description="The tenant is suspended, or not set up yet: nothing is sent."
    )


@strawberry.type(description="Why a conversation could not be marked as read.", directives=CONTENT)
class ConversationReadUserError(UserError):
    """One problem."""

    code: ConversationReadErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="Why an answer was not accepted.", directives=SEND)
class ConversationReplyUserError(UserError):
    """One problem."""

    code: ConversationReplyErrorCode = strawberry.field(description="The problem for machines.")


@strawberry.type(description="The outcome of `conversationRead`.", directives=CONTENT)
class ConversationReadPayload:
    """The conversation, or errors."""

    errors: list[ConversationReadUserError] = strawberry.field(description="What is wrong; empty on success.")
    conversation: Conversation | None = strawberry.field(default=None, description="The conversation, all of it read.")


@strawberry.type(description="The outcome of `conversationReply`.", directives=SEND)
class ConversationReplyPayload:
    """The message, or errors."""

    errors: list[ConversationReplyUserError] = strawberry.field(description="What is wrong; empty on success.")
    message: Message | None = strawberry.field(default=None, description="The answer.")
    allowance: Allowance | None = strawberry.field(default=None, description="The allowance after it.")
    idempotent_replay: bool = strawberry.field(
        default=False, description="Whether an earlier request with this key made the answer."
    )


@strawberry.input(description="An answer to whoever wrote.")
class ConversationReplyInput:
    """What is to be said in which conversation."""

    conversation_id: strawberry.ID = strawberry.field(description="The conversation.")
    idempotency_key: str = strawberry.field(
        description="1 to 255 characters of your choice. The same key with the same answer has one effect, "
        "however often it comes; with another answer it is refused."
    )
    template_id: strawberry.ID | None = strawberry.field(default=None, description="A template, or else a body.")
    body: str | None = strawberry.field(default=None, description="A text, or else a template.")
    variables: Json | None = strawberry.field(
        default=None,
        description="Texts for variables, of at most 1,600 characters each; they win over the contact's own fields.",
    )


@strawberry.type
class ConversationMutations:
    """The root fields that do something in conversations."""

    @strawberry.mutation(description="Mark all of a conversation as read.", directives=CONTENT)
    async def conversation_read(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The conversation's id.")],
    ) -> ConversationReadPayload | None:
        await mark_read(info.context.tx, key_of("Conversation", id), now=info.context.now)
        return ConversationReadPayload(conversation=await find_conversation(info, id), errors=[])

    @strawberry.mutation(
        description="Answer whoever wrote, a contact or not, from the number that was written to last. "
        "It is sent even if nobody waits for it.",
        directives=requires(Permission.MESSAGES_SEND, cost=20),
    )
    async def conversation_reply(
        self,
        info: Info,
        input: Annotated[ConversationReplyInput, strawberry.argument(description="The answer.")],
    ) -> ConversationReplyPayload | None:
        tx, now = info.context.tx, info.context.now
        answer = Reply(
            conversation_id=key_of("Conversation", input.conversation_id),
            idempotency_key=input.idempotency_key,
            template_id=key_of("Template", input.template_id) if input.template_id is not None else None,
            body=input.body,
            variables=variables_of(input.variables),
            preference_link=info.context.addresses.preferences.to,
        )
        sent = await reply(tx, answer, info.context.principal.actor, now=now)
        message_id = await read_message_of_batch(tx, sent.batch_id)
        state = await read_allowance(tx, now=now)
        return ConversationReplyPayload(
            message=await read_message(info, message_id, selected(info, "message")),
            allowance=None if state is None else Allowance.of(state),
            idempotent_replay=sent.replay,
            errors=[],
        )
