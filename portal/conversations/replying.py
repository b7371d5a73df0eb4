"""Answering whoever wrote: a send like any other, to a number that need not be a contact's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.actor import Actor
from portal.conversations.read_marks import no_such_conversation
from portal.conversations.reading import read_conversations_by_id
from portal.database import TenantTransaction
from portal.messages.addressees import Recipients
from portal.messages.composing import Composition
from portal.messages.reading import read_messages_by_id
from portal.messages.sending import OnRefusal, RecipientsRefusedError, SendRequest, SendResult, send
from portal.problems import Problem, RefusedError

_OPERATION = "conversationReply"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; the same key with the same reply has one effect, however often it comes."""

    conversation_id: UUID
    idempotency_key: str
    template_id: UUID | None
    body: str | None
    variables: Mapping[str, str]
    preference_link: Callable[[UUID, str], str] | None = None


async def reply(tx: TenantTransaction, given: Reply, actor: Actor, *, now: datetime) -> SendResult:
    """Accept an answer from the number that was written to last.

    Raises:
        RefusedError: there is no such conversation, or nothing may be sent; the problems say why and where.
    """
    conversation = (await read_conversations_by_id(tx, [given.conversation_id])).get(given.conversation_id)
    if conversation is None:
        raise no_such_conversation("conversationId")
    last = (await read_messages_by_id(tx, [conversation.last_message_id])).get(conversation.last_message_id)
    to = Recipients(counterpart=conversation.number)
    composition = Composition(to, given.template_id, given.body, given.variables, preference_link=given.preference_link)
    written_to = last.recipient_number if last is not None else None
    request = SendRequest(given.idempotency_key, composition, OnRefusal.SEND_NONE, _OPERATION, written_to)
    try:
        return await send(tx, request, actor, now=now)
    except RecipientsRefusedError as error:
        (refusal,) = error.refusals
        raise RefusedError([Problem(refusal.code, refusal.message, ("conversationId",))]) from error
