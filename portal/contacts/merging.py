"""Merging two contacts that are one person."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.actor import Actor
from portal.contacts.consent import ConsentStatement, ConsentStatus, record_consent
from portal.contacts.contacts import ContactRow, read_contacts_by_id
from portal.database import TenantTransaction
from portal.messages.canceling import cancel_to
from portal.problems import refuse


class MergeProblem(StrEnum):
    """Why two contacts are not merged."""

    NOT_FOUND = "NOT_FOUND"
    INVALID = "INVALID"


async def merge_contacts(tx: TenantTransaction, kept_id: UUID, merged_id: UUID, actor: Actor, *, now: datetime) -> None:
    """Let one contact take over all that another has, which is gone then; the kept one's own values win.

    The kept one gets the other's tags, messages, and what it lacks itself; the number is kept for when it is erased.
    Where either wants no messages, neither number gets any: a person who left did not mean one of their numbers.

    Raises:
        RefusedError: there is no such contact, or both are one.
    """
    if kept_id == merged_id:
        raise refuse(MergeProblem.INVALID, "A contact cannot be merged with itself: name another one.", "mergedId")
    # In the order of their ids, so that two merges of the same contacts wait for each other.
    lock = "SELECT id FROM contact WHERE tenant_id = $1 AND id = ANY($2::uuid[]) ORDER BY id FOR UPDATE"
    await tx.rows(lock, tx.tenant_id, [kept_id, merged_id])
    found = await read_contacts_by_id(tx, [kept_id, merged_id])
    for key, place in ((kept_id, "keptId"), (merged_id, "mergedId")):
        if key not in found:
            raise refuse(MergeProblem.NOT_FOUND, "There is no such contact.", place)
    kept, merged = found[kept_id], found[merged_id]
    await tx.execute(_TAGS, tx.tenant_id, kept_id, merged_id)
    await tx.execute(_MESSAGES, tx.tenant_id, kept_id, merged_id)
    await tx.execute(_CALLS, tx.tenant_id, kept_id, merged_id)
    await tx.execute(_REFUSALS, tx.tenant_id, kept_id, merged_id)
    await tx.execute(_FIELDS, tx.tenant_id, kept_id, merged_id, now)
    await tx.execute(_PREFERENCES, tx.tenant_id, kept.number, merged.number)
    if _has_left(merged) != _has_left(kept):
        staying = merged.number if _has_left(kept) else kept.number
        statement = ConsentStatement(ConsentStatus.WITHDRAWN, "merged with a contact that wants no messages")
        await record_consent(tx, [staying], statement, actor, now=now)
        await cancel_to(tx, [staying], now=now)
    await tx.execute("DELETE FROM contact WHERE tenant_id = $1 AND id = $2", tx.tenant_id, merged_id)


def _has_left(contact: ContactRow) -> bool:
    return contact.suppression is not None or contact.consent.status is ConsentStatus.WITHDRAWN


_TAGS = (
    "INSERT INTO contact_tagging (tenant_id, contact_id, tag_id) SELECT $1, $2, tag_id FROM contact_tagging "
    "WHERE tenant_id = $1 AND contact_id = $3 ON CONFLICT DO NOTHING"
)
_MESSAGES = (  # in the order of ids, as everybody locks
    "UPDATE message SET contact_id = $2 WHERE tenant_id = $1 AND id IN "
    "(SELECT id FROM message WHERE tenant_id = $1 AND contact_id = $3 ORDER BY id FOR UPDATE)"
)
_CALLS = "UPDATE call SET contact_id = $2 WHERE tenant_id = $1 AND contact_id = $3"
_REFUSALS = "UPDATE message_refusal SET contact_id = $2 WHERE tenant_id = $1 AND contact_id = $3"
_FIELDS = (
    "UPDATE contact SET name = coalesce(contact.name, other.name), fields = other.fields || contact.fields, "
    "former_numbers = contact.former_numbers || other.number || other.former_numbers, updated_at = $4 "
    "FROM contact AS other WHERE contact.tenant_id = $1 AND contact.id = $2 "
    "AND other.tenant_id = $1 AND other.id = $3"
)
_PREFERENCES = (  # who wants nothing has left, which is taken over by itself, and which START takes back
    "INSERT INTO consumer (tenant_id, number, channel, declined_topics, quiet_from, quiet_until) "
    "SELECT $1, $2, nullif(channel, 'NONE'), declined_topics, quiet_from, quiet_until FROM consumer "
    "WHERE tenant_id = $1 AND number = $3 "
    "ON CONFLICT (tenant_id, number) DO UPDATE SET channel = coalesce(consumer.channel, excluded.channel), "
    "declined_topics = ARRAY(SELECT DISTINCT unnest(consumer.declined_topics || excluded.declined_topics)), "
    "quiet_from = coalesce(consumer.quiet_from, excluded.quiet_from), "
    "quiet_until = coalesce(consumer.quiet_until, excluded.quiet_until)"
)
