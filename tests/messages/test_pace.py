"""How fast messages leave: paces of tenants and numbers, turns, accounts that are refused, what waits too long."""

import asyncio
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest

from auth.permissions import machine_permissions
from portal.database import Database, DatabaseRole
from portal.database.address import DatabaseAddress
from portal.messages.dispatching import Dispatcher
from portal.messages.status import MessageStatus
from portal.messages.throughput import expected_duration
from portal.tenants.accounts import ProviderAccounts
from tests.messages.gate import Gate, Way
from tests.messages.traffic import (
    Books,
    add_contacts,
    balanced_books,
    deaf_dispatcher,
    messages,
    plain_numbers,
    send,
    statuses,
    timeline,
)
from tests.plans.given import give_plan
from tests.product import Product, TenantUnderTest
from tests.waiting import until

_Status = MessageStatus
THROUGHPUT = "{ throughput { perSecond used queued throttledLastHour } }"


async def _set_pace(product: Product, tenant: TenantUnderTest, *, plan: str = "1000", **number: object) -> None:
    """So many messages a second by the plan; and the number's own settings."""
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        sql = "UPDATE number SET segments_per_second = $2, segments_per_day = $3 WHERE tenant_id = $1"
        await tx.execute(sql, tenant.id, number.get("a_second", Decimal(1000)), number.get("a_day"))
    await give_plan(product, tenant.id, throughput=Decimal(plan))


async def _left(product: Product, tenant: TenantUnderTest) -> int:
    return sum(row["provider_reference"] is not None for row in await messages(product, tenant))


async def test_messages_leave_as_fast_as_the_plan_lets_them_whoever_works(
    product: Product, gate: Gate, address: DatabaseAddress
) -> None:
    tenant = await product.tenant()
    await _set_pace(product, tenant, plan="4")
    await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(12)))
    other = await Database.connect(address, pool_size=4)
    try:
        accounts = ProviderAccounts(other, product.box, product.clock)
        elsewhere = Dispatcher(
            other, product.gateway.messages, accounts, product.clock, lambda *_: "http://127.0.0.1:9/"
        )
        workers = [deaf_dispatcher(product), elsewhere, deaf_dispatcher(product)]
        left = []
        for _ in range(5):
            for _ in range(2):  # the second time there is nothing to take
                await asyncio.gather(*(worker.run_once() for worker in workers))
            left.append(await _left(product, tenant))
            told = (await tenant.machine.run(THROUGHPUT))["throughput"]
            assert (told["perSecond"], told["queued"]) == ("4", 12 - left[-1])
            product.clock.advance(timedelta(milliseconds=500))
    finally:
        await other.close()
    assert left == [4, 6, 8, 10, 12]  # a second's worth at once, and then two each half second
    assert gate.creates[tenant.account_sid] == 12
    product.clock.advance(timedelta(milliseconds=250))
    assert (await tenant.machine.run(THROUGHPUT))["throughput"] == {
        "perSecond": "4",
        "used": "1.000",
        "queued": 0,
        "throttledLastHour": 0,
    }


async def test_a_number_sends_segments_as_fast_as_it_may_and_a_tenant_without_tokens_is_not_looked_at(
    product: Product,
) -> None:
    tenant, dispatcher = await product.tenant(), deaf_dispatcher(product)
    await _set_pace(product, tenant, a_second=Decimal(1))
    contacts = await add_contacts(product, tenant, plain_numbers(3))
    await send(tenant.machine, contacts, body="x" * 161)  # two segments each
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        takes = await expected_duration(tx, tenant.number, messages=4, segments=4, now=product.clock.now())
    assert takes == timedelta(seconds=9)
    assert [await dispatcher.run_once(), await _left(product, tenant)] == [1, 1]
    for left in (2, 3):
        product.clock.advance(timedelta(seconds=2) - timedelta(microseconds=1))
        assert [await dispatcher.run_once(), await _left(product, tenant)] == [0, left - 1]
        product.clock.advance(timedelta(microseconds=1))
        assert [await dispatcher.run_once(), await _left(product, tenant)] == [1, left]


async def test_one_message_does_not_wait_for_anothers_hundreds(product: Product) -> None:
    crowd = [await product.tenant(allowance=None) for _ in range(3)]
    for tenant in crowd:
        await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(60)))
    dispatcher = deaf_dispatcher(product, slots=8)
    await dispatcher.start_due()
    product.clock.advance(timedelta(milliseconds=1))
    single = await product.tenant()
    await send(single.machine, await add_contacts(product, single, plain_numbers(1)))
    assert await dispatcher.start_due() == len([*crowd, single])  # it is claimed with the very next round
    await dispatcher.finish()
    assert await _left(product, single) == 1
    assert [await _left(product, tenant) for tenant in crowd] == [pytest.approx(14, abs=4)] * 3


async def test_an_account_has_at_most_so_many_requests_under_way_whoever_works(product: Product, gate: Gate) -> None:
    tenant = await product.tenant()
    await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(10)))
    gate.next(tenant.account_sid, *[Way.HELD] * 6)
    workers = [deaf_dispatcher(product, at_once=6) for _ in range(2)]
    for _ in range(3):
        for worker in workers:
            await worker.start_due()
        product.clock.advance(timedelta(seconds=1))
    await until(lambda: gate.waiting[tenant.account_sid] == 6)
    assert gate.creates[tenant.account_sid] == 6
    assert sorted(await statuses(product, tenant)) == [_Status.QUEUED] * 4 + [_Status.SENDING] * 6
    gate.released.set()
    for worker in workers:
        await worker.finish()
    await workers[0].run_once()
    assert gate.creates[tenant.account_sid] == 10


async def test_an_account_that_is_refused_pauses_as_a_whole_and_then_comes_slower(product: Product, gate: Gate) -> None:
    tenant, dispatcher = await product.tenant(), deaf_dispatcher(product, at_once=8)
    await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(20)))
    gate.next(tenant.account_sid, *[Way.THROTTLED] * 8)
    await dispatcher.run_once()
    assert gate.creates[tenant.account_sid] == 8
    refused = {row["due_at"] for row in await messages(product, tenant) if row["attempts"]}
    assert len(refused) == 1  # they pause together, and so do those that were not tried
    (until_then,) = refused
    product.clock.turn_to(max(product.clock.now(), until_then - timedelta(microseconds=1)))
    await dispatcher.run_once()
    assert gate.creates[tenant.account_sid] == 8
    product.clock.turn_to(max(product.clock.now(), until_then))
    await dispatcher.run_once()
    assert gate.creates[tenant.account_sid] == 8 + 4
    while _Status.QUEUED in await statuses(product, tenant):
        product.clock.advance(timedelta(seconds=1))
        await dispatcher.run_once()
    told = (await tenant.machine.run(THROUGHPUT))["throughput"]
    assert (told["queued"], told["throttledLastHour"]) == (0, 8)
    assert await balanced_books(product, tenant) == Books(used=20, reserved=0)
    product.clock.advance(timedelta(hours=1, minutes=1))
    tenant.machine = await product.machine(tenant.id, machine_permissions())
    assert (await tenant.machine.run(THROUGHPUT))["throughput"]["throttledLastHour"] == 0


async def test_what_is_beyond_the_cap_of_a_day_waits_for_the_next_and_what_waits_ten_hours_is_given_up(
    product: Product, gate: Gate
) -> None:
    tenant, dispatcher = await product.tenant(), deaf_dispatcher(product)
    await _set_pace(product, tenant, a_day=3)
    contacts = await add_contacts(product, tenant, plain_numbers(8))
    midnight = datetime.combine(product.clock.now().date() + timedelta(days=2), time(), UTC)
    product.clock.turn_to(midnight - timedelta(hours=11))
    tenant.machine = await product.machine(tenant.id, machine_permissions())
    await send(tenant.machine, contacts[:4], key="early")
    await dispatcher.run_once()
    product.clock.turn_to(midnight - timedelta(hours=2))
    tenant.machine = await product.machine(tenant.id, machine_permissions())
    await send(tenant.machine, contacts[4:], key="late")
    while await dispatcher.run_once():
        pass
    early = (await messages(product, tenant))[:4]
    assert sorted(row["status"] for row in early) == [_Status.QUEUED, *[_Status.SENDING] * 3]
    product.clock.turn_to(midnight - timedelta(hours=1))
    while await dispatcher.run_once():
        pass
    (given_up,) = [row for row in await messages(product, tenant) if row["status"] == _Status.EXPIRED]
    assert (given_up["issue"], given_up["reserved_units"], given_up["due_at"]) == ("EXPIRED", 0, None)
    assert await timeline(product, tenant, given_up["id"]) == [("QUEUED", "PORTAL"), ("EXPIRED", "PORTAL")]
    assert gate.creates[tenant.account_sid] == 3
    assert await balanced_books(product, tenant) == Books(used=3, reserved=4)
    product.clock.turn_to(midnight)
    while await dispatcher.run_once():
        pass
    assert gate.creates[tenant.account_sid] == 6
    tenant.machine = await product.machine(tenant.id, machine_permissions())
    (alert,) = (await tenant.machine.run("{ alerts { nodes { code count } } }"))["alerts"]["nodes"]
    assert alert == {"code": "EXPIRED", "count": 1}
