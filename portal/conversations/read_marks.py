"""What of a conversation was read."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.database import TenantTransaction
from portal.problems import refuse


class ConversationProblem(StrEnum):
    """Why nothing is done in a conversation."""

    NOT_FOUND = "NOT_FOUND"


def no_such_conversation(*path: str) -> Exception:
    """The refusal for an id that is none of the tenant's conversations, to be raised."""
    return refuse(ConversationProblem.NOT_FOUND, "There is no such conversation.", *path)


async def mark_read(tx: TenantTransaction, conversation_id: UUID, *, now: datetime) -> None:
    """Take all of it for read.

    Raises:
        RefusedError: there is no such conversation.
    """
    marked = await tx.value(
        "UPDATE conversation SET unread = 0, read_at = $3 WHERE tenant_id = $1 AND id = $2 RETURNING true",
        tx.tenant_id,
        conversation_id,
        now,
    )
    if not marked:
        raise no_such_conversation("id")
