"""Hand-overs without an answer: settled by the callback or the log, sent again when never taken, never sent twice."""

from datetime import timedelta
from typing import Any

import pytest

from portal.messages.provider import SendOutcome, Unknown
from portal.messages.status import MessageStatus
from tests.messages.gate import Gate, Way
from tests.messages.traffic import (
    Books,
    add_contacts,
    at_the_provider,
    balanced_books,
    deaf_dispatcher,
    delivered_at_the_provider,
    messages,
    plain_numbers,
    send,
    statuses,
    timeline,
)
from tests.product import Product, TenantUnderTest
from tests.waiting import until

_Status = MessageStatus
CREATED_WITHOUT_ANSWER = ("+12025550151", "+12025550160")
NOT_CREATED = ("+12025550150", "+12025550161")


async def _one(product: Product, tenant: TenantUnderTest) -> Any:
    (row,) = await messages(product, tenant)
    return row


@pytest.mark.parametrize("number", CREATED_WITHOUT_ANSWER)
async def test_the_callback_settles_it_before_anybody_asks(product: Product, number: str) -> None:
    tenant = await product.tenant()
    await send(tenant.machine, await add_contacts(product, tenant, [number]))
    await product.dispatcher.run_once()

    async def delivered() -> bool:
        await product.apply_callbacks()
        return await statuses(product, tenant) == [_Status.DELIVERED]

    await until(delivered)
    row = await _one(product, tenant)
    assert row["provider_reference"] == (await at_the_provider(product, tenant))[0]["sid"]
    assert row["due_at"] is None
    product.clock.advance(timedelta(hours=1))
    await product.dispatcher.run_once()
    assert len(await at_the_provider(product, tenant)) == 1
    assert await balanced_books(product, tenant) == Books(used=1, reserved=0)


@pytest.mark.parametrize("number", CREATED_WITHOUT_ANSWER)
async def test_the_providers_log_settles_it_where_no_callback_comes(product: Product, number: str) -> None:
    tenant = await product.tenant()
    await send(tenant.machine, await add_contacts(product, tenant, [number]))
    dispatcher = deaf_dispatcher(product)
    await dispatcher.run_once()
    row = await _one(product, tenant)
    assert (row["status"], row["provider_reference"]) == (_Status.CONFIRMING, None)
    assert await balanced_books(product, tenant) == Books(used=0, reserved=1)
    product.clock.advance(timedelta(seconds=5) - timedelta(milliseconds=1))
    assert await dispatcher.run_once() == 0  # most callbacks come by then
    await delivered_at_the_provider(product, tenant)
    product.clock.advance(timedelta(milliseconds=1))
    assert await dispatcher.run_once() == 1
    row = await _one(product, tenant)
    (made,) = await at_the_provider(product, tenant)
    assert (row["status"], row["provider_reference"], row["due_at"]) == (_Status.DELIVERED, made["sid"], None)
    assert (await timeline(product, tenant, row["id"]))[-1] == ("DELIVERED", "SWEEP")
    assert await balanced_books(product, tenant) == Books(used=1, reserved=0)


@pytest.mark.parametrize("number", NOT_CREATED)
async def test_what_was_never_taken_is_sent_again_after_the_grace_period_and_not_before(
    product: Product, gate: Gate, number: str
) -> None:
    tenant = await product.tenant()
    await send(tenant.machine, await add_contacts(product, tenant, [number]))
    began = product.clock.now()
    await product.dispatcher.run_once()
    while product.clock.now() - began < timedelta(seconds=55):
        product.clock.advance(timedelta(seconds=5))
        assert await product.dispatcher.run_once() == 1
        assert await statuses(product, tenant) == [_Status.CONFIRMING]
    assert gate.creates[tenant.account_sid] == 1
    product.clock.advance(timedelta(seconds=5))
    await product.dispatcher.run_once()
    assert await statuses(product, tenant) == [_Status.QUEUED]
    assert (await _one(product, tenant))["status_at"] == product.clock.now()
    await product.dispatcher.run_once()
    assert gate.creates[tenant.account_sid] == 2
    assert len(await at_the_provider(product, tenant)) == 1
    assert await balanced_books(product, tenant) == Books(used=1, reserved=0)


async def test_the_grace_period_counts_from_the_try_in_doubt_not_from_an_earlier_one(
    product: Product, gate: Gate
) -> None:
    tenant = await product.tenant()
    await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(1)))
    gate.next(tenant.account_sid, Way.THROTTLED, Way.BROKEN)
    dispatcher = deaf_dispatcher(product)
    await dispatcher.run_once()
    product.clock.advance(timedelta(hours=1))
    await dispatcher.run_once()
    assert await statuses(product, tenant) == [_Status.CONFIRMING]
    product.clock.advance(timedelta(seconds=5))
    await dispatcher.run_once()
    assert await statuses(product, tenant) == [_Status.CONFIRMING]
    assert gate.creates[tenant.account_sid] == 2


async def test_the_grace_period_begins_when_the_request_ends_not_when_it_was_claimed(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, dispatcher = await product.tenant(), deaf_dispatcher(product)
    await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(1)))

    async def last_of_many(*_: object) -> SendOutcome:
        product.clock.advance(timedelta(seconds=50))
        return Unknown("no answer")

    monkeypatch.setattr(type(product.gateway.messages), "send", last_of_many)
    await dispatcher.run_once()
    for pause, status in ((10, _Status.CONFIRMING), (49, _Status.CONFIRMING), (5, _Status.QUEUED)):
        product.clock.advance(timedelta(seconds=pause))
        await dispatcher.run_once()
        assert await statuses(product, tenant) == [status]


async def test_an_earlier_message_of_the_same_text_is_not_taken_for_this_one(product: Product, gate: Gate) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, plain_numbers(1))
    dispatcher = deaf_dispatcher(product)
    await send(tenant.machine, contacts)
    await dispatcher.run_once()
    product.clock.advance(timedelta(seconds=1))
    await send(tenant.machine, contacts, key="second")
    gate.next(tenant.account_sid, Way.BROKEN)
    await dispatcher.run_once()
    assert await statuses(product, tenant) == [_Status.SENDING, _Status.CONFIRMING]
    for pause in (5, 60, 0):
        product.clock.advance(timedelta(seconds=pause))
        await dispatcher.run_once()
    rows = await messages(product, tenant)
    assert [row["status"] for row in rows] == [_Status.SENDING] * 2
    assert len({row["provider_reference"] for row in rows}) == 2
    assert len(await at_the_provider(product, tenant)) == 2


async def test_another_text_or_another_tenants_message_to_the_same_number_proves_nothing(
    product: Product, gate: Gate
) -> None:
    falcon, freestyle = await product.tenant(), await product.tenant()
    dispatcher = deaf_dispatcher(product)
    await send(freestyle.machine, await add_contacts(product, freestyle, plain_numbers(1)))
    contacts = await add_contacts(product, falcon, plain_numbers(1))
    await send(falcon.machine, contacts, body="Another text")
    await dispatcher.run_once()
    product.clock.advance(timedelta(seconds=1))
    await send(falcon.machine, contacts, key="second")
    gate.next(falcon.account_sid, Way.BROKEN)
    await dispatcher.run_once()
    product.clock.advance(timedelta(seconds=61))
    await dispatcher.run_once()
    assert await statuses(product, falcon) == [_Status.SENDING, _Status.QUEUED]


async def test_a_message_that_was_sent_again_and_then_canceled_stays_canceled(product: Product, gate: Gate) -> None:
    tenant = await product.tenant()
    await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(1)))
    gate.next(tenant.account_sid, Way.BROKEN, Way.BROKEN)
    dispatcher = deaf_dispatcher(product)
    for pause in (61, 0, 61):  # in doubt, waits again, in doubt again, waits again
        await dispatcher.run_once()
        product.clock.advance(timedelta(seconds=pause))
    await dispatcher.run_once()
    assert await statuses(product, tenant) == [_Status.QUEUED]
    assert gate.creates[tenant.account_sid] == 2
