"""When the time of a scheduled message has come: all is asked again, and its hours of waiting begin."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from auth.permissions import TenantRole
from portal.clock import written
from portal.contacts.suppressions import SuppressionSource, suppress
from portal.database import DatabaseRole
from portal.messages.firing import ISSUES, Firing
from portal.messages.issues import CATALOGUE
from portal.messages.pace import LONGEST_WAIT
from portal.messages.refusals import RefusalCode
from portal.shield.areas import TrafficKind, area_of
from portal.shield.detector import PauseReason
from portal.shield.pauses import pause
from tests.messages.traffic import (
    Books,
    add_contacts,
    at_the_provider,
    balanced_books,
    messages,
    plain_numbers,
    send,
    timeline,
)
from tests.plans.given import give_plan
from tests.product import Product, TenantUnderTest

DAYS = timedelta(days=3)
# Whom these refuse has no message that could fire.
BEFORE = {
    *(RefusalCode.NOT_FOUND, RefusalCode.DUPLICATE),
    *(RefusalCode.MISSING_VARIABLE, RefusalCode.TEXT_TOO_LONG),
}
(WHOM,) = plain_numbers(1)


def test_whatever_refuses_a_recipient_when_the_time_has_come_ends_the_message_with_a_reason() -> None:
    assert set(ISSUES) == set(RefusalCode) - BEFORE - {RefusalCode.OPTED_OUT}
    assert {issue in CATALOGUE for issue in ISSUES.values()} == {True}


LOOKED_UP = "line, line_valid, looked_up_at"


def _operate(sql: str) -> Callable[[Product, TenantUnderTest], Awaitable[None]]:
    async def operate(product: Product, tenant: TenantUnderTest) -> None:
        async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
            await tx.execute(sql, tenant.id)

    return operate


def _learn(column: str, value: str) -> Callable[[Product, TenantUnderTest], Awaitable[None]]:
    async def learn(product: Product, tenant: TenantUnderTest) -> None:
        async with product.database.for_tenant(tenant.id) as tx:
            sql = f"INSERT INTO consumer (tenant_id, number, {column}) VALUES ($1, $2, {value})"  # noqa: S608  named below
            await tx.execute(sql, tenant.id, WHOM)

    return learn


def _plan(**terms: Any) -> Callable[[Product, TenantUnderTest], Awaitable[None]]:
    async def change(product: Product, tenant: TenantUnderTest) -> None:
        await give_plan(product, tenant.id, **terms)

    return change


async def _cap_spend(product: Product, tenant: TenantUnderTest) -> None:
    overage: dict[str, Any] = {"strategy": "TIER_WITH_OVERAGE", "at_limit": "OVERAGE", "overage": Decimal("0.5")}
    await give_plan(product, tenant.id, allowance_amount=0, **overage)
    owner = await product.member(tenant.id, TenantRole.OWNER)
    await owner.run('mutation { spendCapSet(input: {amount: "0.4"}) { errors { code } } }')


async def _pause(product: Product, tenant: TenantUnderTest) -> None:
    found = {area_of(WHOM): PauseReason.NEIGHBOURS}
    async with product.database.for_tenant(tenant.id) as tx:
        await pause(tx, TrafficKind.SMS, found, ("USD", "USD"), now=product.clock.now())


async def _leave(product: Product, tenant: TenantUnderTest) -> None:
    """On the list, as while the message fires, when it can no more be canceled."""
    async with product.database.for_tenant(tenant.id) as tx:
        await suppress(tx, WHOM, SuppressionSource.STOP, now=product.clock.now())


@pytest.mark.parametrize(
    ("meanwhile", "ends"),
    [
        (_operate("UPDATE tenant SET state = 'SUSPENDED' WHERE id = $1"), ("FAILED", "SENDING_STOPPED")),
        (
            _operate("UPDATE tenant_plan SET until = since + interval '1 ms' WHERE tenant_id = $1"),
            ("FAILED", "SENDING_STOPPED"),
        ),
        (_operate("DELETE FROM number WHERE tenant_id = $1"), ("FAILED", "SENDER_GONE")),
        (_leave, ("CANCELED", "OPTED_OUT")),
        (_learn("channel", "'VOICE'"), ("FAILED", "PREFERENCE")),
        (_learn(LOOKED_UP, "'LANDLINE', true, '2028-02-01'"), ("FAILED", "LANDLINE")),
        (_learn(LOOKED_UP, "'UNKNOWN', false, '2028-02-01'"), ("FAILED", "INVALID_NUMBER")),
        (_plan(countries=("CA",)), ("FAILED", "COUNTRY_NOT_ALLOWED")),
        (
            _operate("UPDATE policy_override SET ended_at = since, ended_by_name = 'Otto' WHERE tenant_id = $1"),
            ("FAILED", "POLICY"),
        ),
        (_pause, ("FAILED", "PAUSED")),
        (_plan(allowance_amount=0), ("FAILED", "ALLOWANCE_EXHAUSTED")),
        (_plan(allowance_amount=0, at_limit="CREDITS"), ("FAILED", "CREDITS_EXHAUSTED")),
        (_cap_spend, ("FAILED", "SPEND_CAP_REACHED")),
    ],
)
async def test_what_acceptance_asks_is_asked_again_when_the_time_has_come(
    product: Product, meanwhile: Callable[[Product, TenantUnderTest], Awaitable[None]], ends: tuple[str, str]
) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, [WHOM])
    at = product.clock.now() + timedelta(minutes=10)
    answer = await send(tenant.machine, contacts, sendAt=written(at))
    assert answer["batch"]["accepted"] == 1
    await meanwhile(product, tenant)
    product.clock.turn_to(at)
    assert await Firing(product.database, product.clock).fire_due() == 1
    (message,) = await messages(product, tenant)
    assert (message["status"], message["issue"], message["reserved_units"], message["due_at"]) == (*ends, 0, None)
    assert await timeline(product, tenant, message["id"]) == [("SCHEDULED", "PORTAL"), (ends[0], "PORTAL")]
    assert await product.dispatcher.run_once() == 0
    assert await balanced_books(product, tenant) == Books(used=0, reserved=0)


@pytest.mark.parametrize(("late", "status"), [(timedelta(seconds=-1), "SENDING"), (timedelta(seconds=1), "EXPIRED")])
async def test_what_was_scheduled_days_ago_waits_its_ten_hours_from_when_it_fired(
    product: Product, late: timedelta, status: str
) -> None:
    tenant = await product.tenant()
    made = product.clock.now()
    contacts = await add_contacts(product, tenant, [WHOM])
    await send(tenant.machine, contacts, sendAt=written(made + DAYS))
    product.clock.advance(DAYS)
    assert await Firing(product.database, product.clock).fire_due() == 1
    (waits,) = await messages(product, tenant)
    assert (waits["status"], waits["created_at"], waits["queued_at"]) == ("QUEUED", made, made + DAYS)
    product.clock.advance(LONGEST_WAIT + late)
    await product.dispatcher.run_once()
    (message,) = await messages(product, tenant)
    left = status == "SENDING"
    assert (message["status"] == "EXPIRED", message["queued_at"]) == (not left, made + DAYS)
    assert len(await at_the_provider(product, tenant)) == int(left)
    assert await balanced_books(product, tenant) == Books(used=int(left), reserved=0)
