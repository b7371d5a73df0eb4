"""Several workers, and workers that die: each message once, none lost, nobody waits for another tenant."""

import asyncio
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from auth.permissions import machine_permissions
from portal.database import Database
from portal.database.address import DatabaseAddress
from portal.messages.claiming import LEASE
from portal.messages.dispatching import Dispatcher
from portal.messages.status import MessageStatus
from portal.tenants.accounts import ProviderAccounts
from tests.messages.gate import Gate, Way
from tests.messages.traffic import (
    Books,
    add_contacts,
    at_the_provider,
    balanced_books,
    cancel,
    deaf_dispatcher,
    messages,
    plain_numbers,
    send,
    statuses,
)
from tests.product import PARENT, Product
from tests.product import product as serve_product
from tests.serving import free_port
from tests.turnable_clock import TurnableClock
from tests.waiting import until
from twilio_gateway.simulator.app import create_simulator
from twilio_gateway.simulator.server import running

_Status = MessageStatus


async def test_workers_side_by_side_send_each_message_once(
    product: Product, gate: Gate, address: DatabaseAddress
) -> None:
    tenants = [await product.tenant(allowance=None) for _ in range(2)]
    for tenant in tenants:
        await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(100)))
    other = await Database.connect(address, pool_size=4)
    try:
        accounts = ProviderAccounts(other, product.box, product.clock)
        dispatchers = [deaf_dispatcher(product)] + [
            Dispatcher(other, product.gateway.messages, accounts, product.clock, lambda *_: "http://127.0.0.1:9/")
            for _ in range(3)
        ]

        async def work(dispatcher: Dispatcher) -> None:
            for tenant in tenants:
                while _Status.QUEUED in await statuses(product, tenant):
                    await dispatcher.run_once()

        await asyncio.gather(*(work(dispatcher) for dispatcher in dispatchers))
    finally:
        await other.close()
    for tenant in tenants:
        assert await statuses(product, tenant) == [_Status.SENDING] * 100
        assert gate.creates[tenant.account_sid] == 100
        made = await at_the_provider(product, tenant)
        assert sorted(message["to"] for message in made) == plain_numbers(100)
        assert {row["provider_reference"] for row in await messages(product, tenant)} == {
            message["sid"] for message in made
        }
        assert await balanced_books(product, tenant) == Books(used=100, reserved=0)


async def test_what_a_killed_worker_had_claimed_is_found_or_sent_after_its_lease(product: Product, gate: Gate) -> None:
    tenant = await product.tenant()
    await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(12)))
    gate.next(tenant.account_sid, *[Way.HELD] * 10)
    killed = asyncio.create_task(deaf_dispatcher(product, slots=10).run_once())
    await until(lambda: gate.waiting[tenant.account_sid] == 10)  # the other two wait for their turn
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    gate.released.set()

    async def made() -> bool:
        return len(await at_the_provider(product, tenant)) == 10

    await until(made)
    assert await statuses(product, tenant) == [_Status.SENDING] * 12
    next_worker = deaf_dispatcher(product)
    product.clock.advance(LEASE - timedelta(milliseconds=1))
    assert await next_worker.run_once() == 0
    product.clock.advance(timedelta(milliseconds=1))
    while await next_worker.run_once():
        pass
    made_at_last = await at_the_provider(product, tenant)
    assert Counter(message["to"] for message in made_at_last) == Counter(plain_numbers(12))
    assert {row["provider_reference"] for row in await messages(product, tenant)} == {
        message["sid"] for message in made_at_last
    }
    assert await balanced_books(product, tenant) == Books(used=12, reserved=0)


async def test_a_worker_that_was_asleep_hands_nothing_over_once_another_may_have_taken_over(
    product: Product, gate: Gate
) -> None:
    tenant = await product.tenant()
    await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(13)))
    gate.next(tenant.account_sid, *[Way.HELD] * 10)
    asleep = asyncio.create_task(deaf_dispatcher(product, slots=10).run_once())
    await until(lambda: gate.waiting[tenant.account_sid] == 10)
    product.clock.advance(timedelta(minutes=1))
    gate.released.set()
    await asleep
    assert gate.creates[tenant.account_sid] == 10
    assert Counter(await statuses(product, tenant)) == {_Status.SENDING: 10, _Status.QUEUED: 3}
    product.clock.advance(timedelta(minutes=1))
    await deaf_dispatcher(product).run_once()
    assert Counter(message["to"] for message in await at_the_provider(product, tenant)) == Counter(plain_numbers(13))


async def test_what_a_worker_hears_after_its_lease_does_not_touch_its_successors_claim(
    product: Product, gate: Gate
) -> None:
    tenant = await product.tenant()
    await send(tenant.machine, await add_contacts(product, tenant, ["+12025550120"]))
    gate.next(tenant.account_sid, Way.HELD_AND_THROTTLED)
    late = asyncio.create_task(deaf_dispatcher(product).run_once())
    await until(lambda: gate.waiting[tenant.account_sid] == 1)
    product.clock.advance(LEASE)
    successor = deaf_dispatcher(product)
    await successor.run_once()  # not in the log: it waits again
    assert await statuses(product, tenant) == [_Status.QUEUED]
    sending = asyncio.create_task(successor.run_once())  # answered slowly
    await until(lambda: gate.creates[tenant.account_sid] == 2)
    gate.released.set()
    await late
    assert await statuses(product, tenant) == [_Status.SENDING]  # not back in the queue while it is being sent
    await sending
    product.clock.advance(timedelta(hours=1))
    assert await successor.run_once() == 0
    assert len(await at_the_provider(product, tenant)) == 1
    assert await balanced_books(product, tenant) == Books(used=1, reserved=0)


async def test_a_worker_that_is_told_to_stop_writes_down_what_is_on_its_way(product: Product, gate: Gate) -> None:
    tenant = await product.tenant()
    gate.next(tenant.account_sid, Way.HELD)
    await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(1)))
    async with product.worker():
        await until(lambda: gate.waiting[tenant.account_sid] == 1)
        asyncio.get_running_loop().call_later(0.1, gate.released.set)
    (row,) = await messages(product, tenant)
    assert row["provider_reference"] == (await at_the_provider(product, tenant))[0]["sid"]
    assert row["due_at"] is None


@pytest.mark.parametrize("turn", range(4))
async def test_each_message_is_either_canceled_or_sent_never_both(product: Product, turn: int) -> None:
    tenant = await product.tenant()
    sent = await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(20)))

    async def take_back() -> int:
        await asyncio.sleep(0.004 * turn)
        return int((await cancel(tenant.machine, sent["batch"]["id"]))["canceled"])

    _, canceled = await asyncio.gather(deaf_dispatcher(product).run_once(), take_back())
    await deaf_dispatcher(product).run_once()
    rows = await messages(product, tenant)
    left = {row["recipient_number"] for row in rows if row["status"] == _Status.SENDING}
    taken_back = {row["recipient_number"] for row in rows if row["status"] == _Status.CANCELED}
    assert (len(taken_back), len(left)) == (canceled, 20 - canceled)
    assert sorted(message["to"] for message in await at_the_provider(product, tenant)) == sorted(left)
    assert await balanced_books(product, tenant) == Books(used=20 - canceled, reserved=0)


async def test_a_tenant_whose_requests_hang_delays_nobody_else(product: Product, gate: Gate) -> None:
    slow, fast = await product.tenant(), await product.tenant()
    for tenant in (slow, fast):
        await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(30)))
    gate.next(slow.account_sid, *[Way.HELD] * 30)
    dispatcher = deaf_dispatcher(product)
    assert await dispatcher.start_due() == 2

    async def fast_has_left() -> bool:
        return all(row["provider_reference"] for row in await messages(product, fast))

    await until(fast_has_left)
    assert not any(row["provider_reference"] for row in await messages(product, slow))
    # New work of the fast one is taken up as well, while the slow one hangs.
    await send(fast.machine, await add_contacts(product, fast, ["+12025550100"]), key="second")
    await until(lambda: _begun(dispatcher))
    await until(fast_has_left)
    gate.released.set()
    await dispatcher.finish()
    assert {_Status.SENDING, _Status.CONFIRMING}.issuperset(await statuses(product, slow))


async def _begun(dispatcher: Dispatcher) -> bool:
    return await dispatcher.start_due() == 1


async def test_nothing_is_lost_while_the_provider_is_down(
    address: DatabaseAddress, clock: TurnableClock, tmp_path: Path
) -> None:
    with free_port() as listening:
        port = listening.getsockname()[1]
    settings = replace(PARENT, state=tmp_path / "simulator.sqlite")
    with ExitStack() as up:
        simulator = up.enter_context(running(create_simulator(settings), port))
        async with serve_product(address, clock, simulator) as product:
            tenant = await product.tenant()
            up.close()
            await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(3)))
            for _ in range(5):
                await product.dispatcher.run_once()
                product.clock.advance(timedelta(minutes=10))
            assert {_Status.QUEUED, _Status.CONFIRMING}.issuperset(await statuses(product, tenant))
            tenant.machine = await product.machine(tenant.id, machine_permissions())
            up.enter_context(running(create_simulator(settings), port))

            async def delivered() -> bool:
                product.clock.advance(timedelta(seconds=10))
                await product.dispatcher.run_once()
                await product.apply_callbacks()
                return await statuses(product, tenant) == [_Status.DELIVERED] * 3

            await until(delivered)
            assert sorted(made["to"] for made in await at_the_provider(product, tenant)) == plain_numbers(3)
            assert await balanced_books(product, tenant) == Books(used=3, reserved=0)
