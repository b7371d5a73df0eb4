"""Reading conversations: lean rows, one statement a page."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from portal.contacts.filtering import like_digits, like_text
from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.database.keyset import Keyset, Listing, Page, PageRequest, read_page

_NEWEST_FIRST = Keyset("received-", "last_received_at", descending=True, of_time=True)
_COLUMNS = "id, number, number_masked, last_message_id, last_received_at, unread, read_at"


class ConversationRow(NamedTuple):
    """A conversation as lists read it; its number is content, so that all of it is."""

    id: UUID
    number: str
    number_masked: str
    last_message_id: UUID
    last_received_at: datetime
    unread: int
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConversationFilter:
    """Which conversations; what is left as it is asks for all."""

    unread: bool | None = None
    search: str = ""
    by_name: bool = False  # whether the search may look into the names of contacts


def _conversation_row(row: Row) -> ConversationRow:
    return ConversationRow(
        id=row["id"],
        number=row["number"],
        number_masked=row["number_masked"],
        last_message_id=row["last_message_id"],
        last_received_at=row["last_received_at"],
        unread=row["unread"],
        read_at=row["read_at"],
    )


async def read_conversations(
    tx: TenantTransaction, request: PageRequest, only: ConversationFilter
) -> Page[ConversationRow]:
    """A page of conversations, those first in which somebody wrote last."""
    conditions = ["conversation.tenant_id = $1"]
    arguments: list[object] = [tx.tenant_id]
    if only.unread is not None:
        conditions.append("unread > 0" if only.unread else "unread = 0")
    text = only.search.strip()
    if text:
        arguments.append(like_digits(text))
        found = "conversation.number LIKE $2"
        if only.by_name:
            arguments.append(like_text(text))
            found += (
                " OR EXISTS (SELECT 1 FROM contact WHERE contact.tenant_id = $1 "
                "AND contact.number = conversation.number AND contact.name ILIKE $3)"
            )
        conditions.append(f"({found})")
    listing = Listing(_COLUMNS, "conversation", "id", conditions, arguments)
    return await read_page(tx, listing, _NEWEST_FIRST, request, _conversation_row)


async def read_conversations_by_id(tx: TenantTransaction, ids: Sequence[UUID]) -> dict[UUID, ConversationRow]:
    """Those of these conversations that the tenant has, in one statement."""
    sql = f"SELECT {_COLUMNS} FROM conversation WHERE tenant_id = $1 AND id = ANY($2::uuid[])"  # noqa: S608  constants
    return {row["id"]: _conversation_row(row) for row in await tx.rows(sql, tx.tenant_id, list(ids))}


async def read_conversations_with(tx: TenantTransaction, numbers: Collection[str]) -> dict[str, ConversationRow]:
    """The conversations with those of these numbers that have one, in one statement."""
    sql = f"SELECT {_COLUMNS} FROM conversation WHERE tenant_id = $1 AND number = ANY($2::text[])"  # noqa: S608  constants
    return {row["number"]: _conversation_row(row) for row in await tx.rows(sql, tx.tenant_id, list(numbers))}
