"""Keeps one conversation for each number that writes to the tenant: its last message, and how many are unread."""

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from portal.clock import new_id
from portal.conversations.provider import InboundMessage
from portal.database import TenantTransaction

_NUMBER = re.compile(r"\+?[0-9]{3,15}", re.ASCII)  # a name as a sender has no conversation: nobody can answer it


async def advance(
    tx: TenantTransaction, received: Sequence[tuple[UUID, InboundMessage]], *, now: datetime
) -> dict[str, UUID]:
    """Add new messages to their conversations; the ids of these by number.

    The last message is the one with the greatest id, which is the last by time, in whatever order they come.
    """
    by_number: dict[str, list[tuple[UUID, InboundMessage]]] = defaultdict(list)
    for id, message in received:
        if _NUMBER.fullmatch(message.sender):
            by_number[message.sender].append((id, message))
    numbers = sorted(by_number)
    rows = await tx.rows(
        "INSERT INTO conversation (tenant_id, id, number, last_message_id, last_received_at, unread, created_at) "
        "SELECT $1, c.id, c.number, c.last_id, c.last_at, c.unread, $2 "
        "FROM unnest($3::uuid[], $4::text[], $5::uuid[], $6::timestamptz[], $7::int[]) "
        "AS c (id, number, last_id, last_at, unread) "
        "ON CONFLICT (tenant_id, number) DO UPDATE SET "
        "last_message_id = greatest(conversation.last_message_id, excluded.last_message_id), "
        "last_received_at = greatest(conversation.last_received_at, excluded.last_received_at), "
        "unread = conversation.unread + excluded.unread RETURNING id, number",
        tx.tenant_id,
        now,
        [new_id(now) for _ in numbers],
        numbers,
        [max(id for id, _ in by_number[number]) for number in numbers],
        [max(message.received_at for _, message in by_number[number]) for number in numbers],
        [len(by_number[number]) for number in numbers],
    )
    return {row["number"]: row["id"] for row in rows}
