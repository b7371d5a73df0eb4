"""Asking that a person be erased: the contact goes at once, a worker does the rest."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.actor import Actor
from portal.calls.recording import end_unmade
from portal.calls.status import CallStatus
from portal.clock import new_id
from portal.contacts.consent import ConsentStatus
from portal.contacts.contacts import read_contacts_by_id
from portal.contacts.suppressions import SuppressionSource, suppress
from portal.database import TenantTransaction
from portal.lookups.asking import forget_lookups
from portal.messages.canceling import cancel_to
from portal.plans.spend import release_spend
from portal.problems import refuse


class ErasureProblem(StrEnum):
    """Why nobody is erased."""

    NOT_FOUND = "NOT_FOUND"


async def request_erasure(tx: TenantTransaction, contact_id: UUID, actor: Actor, *, now: datetime) -> UUID:
    """Cancel what has not left to a contact, delete it, and have a worker erase the rest; the erasure's id.

    Whoever wants no messages stays on the suppression list, by number: it is the one thing that is kept, for sends to
    be held against. A hash of a phone number would hide nobody, since all numbers can be tried in a moment.

    Raises:
        RefusedError: there is no such contact.
    """
    contact = (await read_contacts_by_id(tx, [contact_id])).get(contact_id)
    if contact is None:
        raise refuse(ErasureProblem.NOT_FOUND, "There is no such contact.", "id")
    rows = await tx.rows(_NUMBERS, tx.tenant_id, contact_id)
    numbers = sorted({contact.number, *(row["number"] for row in rows)})
    reserved = await forget_lookups(tx, numbers)
    calls = await _lock_calls(tx, contact_id, numbers)  # before the balances, which whoever ends one locks after it
    await cancel_to(tx, numbers, now=now)
    await end_unmade(tx, dict.fromkeys(calls), CallStatus.CANCELED, now=now)
    await release_spend(tx, reserved)
    await _keep_wishes(tx, numbers, now=now)
    await tx.execute("DELETE FROM contact WHERE tenant_id = $1 AND id = $2", tx.tenant_id, contact_id)
    erasure_id = new_id(now)
    await tx.execute(
        "INSERT INTO contact_erasure (tenant_id, id, state, contact_id, numbers, actor_kind, actor_name, erased, "
        "requested_at, due_at) VALUES ($1, $2, 'WAITING', $3, $4, $5, $6, '{\"contacts\": 1}', $7, $7)",
        *(tx.tenant_id, erasure_id, contact_id, numbers, actor.kind.value, actor.name, now),
    )
    return erasure_id


async def _lock_calls(tx: TenantTransaction, contact_id: UUID, numbers: Sequence[str]) -> list[UUID]:
    """Calls that were not handed over; the rows are locked, so that nobody does meanwhile."""
    rows = await tx.rows(
        "SELECT id FROM call WHERE tenant_id = $1 AND (contact_id = $2 OR recipient_number = ANY($3::text[])) "
        "AND status = 'QUEUED' AND provider_reference IS NULL AND parent_id IS NULL AND tried_at IS NULL "
        "ORDER BY id FOR UPDATE",
        *(tx.tenant_id, contact_id, list(numbers)),
    )
    return [row["id"] for row in rows]


async def _keep_wishes(tx: TenantTransaction, numbers: Sequence[str], *, now: datetime) -> None:
    """What was recorded as withdrawn alone goes with the evidence: the list has to know it from now on."""
    sql = (
        "SELECT number FROM consumer WHERE tenant_id = $1 AND number = ANY($2::text[]) AND consent = $3 ORDER BY number"
    )
    for row in await tx.rows(sql, tx.tenant_id, list(numbers), ConsentStatus.WITHDRAWN.value):
        await suppress(tx, row["number"], SuppressionSource.MANUAL, now=now)


# A number that has become another contact's is that one's: it is not searched for.
_NUMBERS = (
    "SELECT DISTINCT m.number FROM (SELECT CASE direction WHEN 'INBOUND' THEN sender_number ELSE recipient_number END "
    "AS number FROM message WHERE tenant_id = $1 AND contact_id = $2 "
    "UNION ALL SELECT recipient_number FROM call WHERE tenant_id = $1 AND contact_id = $2 "
    "UNION ALL SELECT unnest(former_numbers) FROM contact WHERE tenant_id = $1 AND id = $2) AS m "
    "WHERE m.number <> '' AND NOT EXISTS (SELECT FROM contact WHERE contact.tenant_id = $1 "
    "AND contact.number = m.number AND contact.id <> $2)"
)
