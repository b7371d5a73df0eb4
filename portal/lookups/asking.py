"""Asking for a look-up: checked and reserved in one transaction; a worker then asks the provider."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from portal.clock import ids_at, new_id
from portal.contacts.contacts import ContactRow, read_contacts_by_id
from portal.contacts.preferences import LookupState
from portal.database import TenantTransaction
from portal.plans.plans import PlanRow, read_tenant_plan
from portal.plans.reserving import tell_capped
from portal.plans.spend import price_of_one, reserve_spend
from portal.problems import Problem, RefusedButNotedError, refuse
from portal.rates.cards import read_current_card
from portal.tenants.tenants import TenantState
from portal.usage.usage import LOOKUPS

KNOWN_FOR = timedelta(days=30)  # numbers are seldom moved to another kind of line
MOST_IN_A_MINUTE = 60  # who tries numbers out, rather than looks his contacts up, comes to it


class LookupProblem(StrEnum):
    """Why a number is not looked up; it costs nothing."""

    NOT_FOUND = "NOT_FOUND"
    TENANT_NOT_ACTIVE = "TENANT_NOT_ACTIVE"
    NO_PLAN = "NO_PLAN"
    COUNTRY_NOT_IN_PLAN = "COUNTRY_NOT_IN_PLAN"
    TOO_MANY_LOOKUPS = "TOO_MANY_LOOKUPS"
    SPEND_CAP_REACHED = "SPEND_CAP_REACHED"


async def look_up_contact(tx: TenantTransaction, contact_id: UUID, *, now: datetime) -> None:
    """Have a contact's number looked up. One that is known, or asked about already, is not asked about again.

    Raises:
        RefusedError: there is no such contact, or it may not be looked up.
    """
    await _lock(tx)
    contact = (await read_contacts_by_id(tx, [contact_id])).get(contact_id)
    if contact is None:
        raise refuse(LookupProblem.NOT_FOUND, "There is no such contact.", "id")
    if contact.lookup is LookupState.WAITING or _is_known(contact, now=now):
        return
    plan = await _plan(tx, now=now)
    if plan.countries and contact.country not in plan.countries:
        message = "The plan does not reach this person's country."
        raise refuse(LookupProblem.COUNTRY_NOT_IN_PLAN, message, "id")
    _, since = ids_at(now - timedelta(minutes=1))
    asked = await tx.value("SELECT count(*) FROM number_lookup WHERE tenant_id = $1 AND id > $2", tx.tenant_id, since)
    if asked >= MOST_IN_A_MINUTE:
        message = f"At most {MOST_IN_A_MINUTE} numbers are looked up in a minute: ask again in a moment."
        raise refuse(LookupProblem.TOO_MANY_LOOKUPS, message)
    price, spend_id = await _reserve(tx, plan, contact.country, now=now)
    await tx.execute(
        "INSERT INTO number_lookup (tenant_id, id, number, state, price, spend_id, due_at) "
        "VALUES ($1, $2, $3, 'WAITING', $4, $5, $6) ON CONFLICT (tenant_id, number) DO UPDATE SET id = excluded.id, "
        "state = excluded.state, price = excluded.price, spend_id = excluded.spend_id, due_at = excluded.due_at, "
        "attempts = 0",
        *(tx.tenant_id, new_id(now), contact.number, price, spend_id, now),
    )


async def forget_lookups(tx: TenantTransaction, numbers: Sequence[str]) -> dict[UUID, Decimal]:
    """Delete what was asked about these numbers; what is reserved for it, by balance, which is to be released.

    Before anything else that the transaction locks, and the balances last: as whoever ends a look-up does.
    """
    await _lock(tx)
    rows = await tx.rows(
        "DELETE FROM number_lookup WHERE tenant_id = $1 AND number = ANY($2::text[]) RETURNING spend_id, price",
        tx.tenant_id,
        list(numbers),
    )
    held: dict[UUID, Decimal] = {}
    for row in rows:
        if row["spend_id"] is not None:
            held[row["spend_id"]] = held.get(row["spend_id"], Decimal(0)) + row["price"]
    return held


async def _lock(tx: TenantTransaction) -> None:
    """One at a time for a tenant: two that ask at once would pay twice, and one asks about nobody who is erased."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{tx.tenant_id}/lookups")


def _is_known(contact: ContactRow, *, now: datetime) -> bool:
    return contact.line is not None and now - contact.line.looked_up_at < KNOWN_FOR


async def _plan(tx: TenantTransaction, *, now: datetime) -> PlanRow:
    if await tx.value("SELECT state FROM tenant WHERE id = $1", tx.tenant_id) != TenantState.ACTIVE:
        raise refuse(LookupProblem.TENANT_NOT_ACTIVE, "Look-ups are stopped for this company: ask support.")
    held = await read_tenant_plan(tx, now=now)
    if held is None:
        raise refuse(LookupProblem.NO_PLAN, "There is no plan yet: finish the onboarding first.")
    return held.plan


async def _reserve(
    tx: TenantTransaction, plan: PlanRow, country: str | None, *, now: datetime
) -> tuple[Decimal, UUID | None]:
    """The price of a look-up, and the balance that it is reserved in; none where the fee covers it."""
    price = price_of_one(plan, await read_current_card(tx), LOOKUPS, country)
    if not price:
        return price, None
    held = await reserve_spend(tx, plan.terms.currency, Decimal(0), now=now)
    if held.room is not None and held.room < price:
        await tell_capped(tx, held, now=now)
        message = "This look-up would go over your spend cap of this month."
        raise RefusedButNotedError([Problem(LookupProblem.SPEND_CAP_REACHED, message)])
    await reserve_spend(tx, plan.terms.currency, price, now=now)
    return price, held.id
