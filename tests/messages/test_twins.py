"""Hand-overs of one text to one number without an answer: each is found, or given up, and none is sent twice."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from portal.callbacks.inbox import CallbackInbox, CallbackKind, ReceivedCallback
from portal.clock import new_id
from portal.mail.queue import MailQueue
from portal.messages.claiming import LEASE
from portal.messages.confirming import GRACE, PATIENCE
from portal.messages.issues import DeliveryIssueCode
from portal.messages.provider import ProviderMessage
from portal.messages.silence import FIRST_PAUSE
from portal.messages.status import MessageStatus
from portal.plans.proration import first_instant
from portal.reconciliation.reconciling import Reconciliation
from portal.sweep.sweeper import Sweeper
from portal.tenants.accounts import ProviderAccounts
from tests.invoices.stored_usage import record
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
)
from tests.product import Product, TenantUnderTest
from tests.waiting import until

_Status = MessageStatus


async def test_twins_of_which_one_was_made_are_never_sent_again(product: Product, gate: Gate) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, ["+12025550160"])
    for key in ("first", "second"):
        await send(tenant.machine, contacts, key=key)
    gate.next(tenant.account_sid, Way.BROKEN)
    dispatcher = deaf_dispatcher(product)
    await dispatcher.run_once()
    for _ in range(20):
        product.clock.advance(timedelta(minutes=10))
        await dispatcher.run_once()
    rows = await messages(product, tenant)
    assert [(row["status"], row["issue"]) for row in rows] == [("FAILED", DeliveryIssueCode.UNCONFIRMED)] * 2
    assert [row["due_at"] for row in rows] == [None, None]
    assert gate.creates[tenant.account_sid] == 2
    assert len(await at_the_provider(product, tenant)) == 1
    # Their charge waits until somebody knows.
    assert await balanced_books(product, tenant) == Books(used=0, reserved=2)


async def test_the_provider_s_count_of_the_day_decides_what_nobody_could_confirm(product: Product, gate: Gate) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, ["+12025550160"])
    for key in ("first", "second"):
        await send(tenant.machine, contacts, key=key)
    gate.next(tenant.account_sid, Way.BROKEN)
    dispatcher = deaf_dispatcher(product)
    day = product.clock.now().date()
    await dispatcher.run_once()
    product.clock.advance(PATIENCE)
    await dispatcher.run_once()
    assert await balanced_books(product, tenant) == Books(used=0, reserved=2)
    reconciliation = Reconciliation(product.database, MailQueue(product.box), product.url, product.clock)
    await record(product.database, tenant.id, day, "sms-outbound", "0.0083", 1)
    for days_later, books in ((1, Books(used=0, reserved=2)), (2, Books(used=1, reserved=0))):
        as_of = first_instant(day + timedelta(days=days_later))
        product.clock.turn_to(as_of + timedelta(hours=2))
        async with product.database.for_tenant(tenant.id) as tx:
            await tx.execute("UPDATE usage_record SET as_of = $1", as_of)
            await tx.execute(
                "INSERT INTO usage_sync (tenant_id, id, state, from_day, until_day, as_of, requested_at) "
                "VALUES ($1, $2, 'DONE', $3, $4, $5, $5)",
                *(tenant.id, new_id(as_of), day, day + timedelta(days=1), as_of),
            )
        await reconciliation.work_due()
        assert await balanced_books(product, tenant) == books


async def test_what_a_twin_that_was_given_up_may_be_is_taken_for_no_other(product: Product, gate: Gate) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, plain_numbers(1))
    await send(tenant.machine, contacts)
    gate.next(tenant.account_sid, Way.ANSWER_LOST, Way.HELD_AND_THROTTLED)
    dispatcher = deaf_dispatcher(product)
    await dispatcher.run_once()
    await send(tenant.machine, contacts, key="second")
    killed = asyncio.create_task(deaf_dispatcher(product).run_once())
    await until(lambda: gate.waiting[tenant.account_sid] == 1)
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    gate.released.set()
    for pause in (PATIENCE, LEASE, PATIENCE):
        product.clock.advance(pause)
        await dispatcher.run_once()
    rows = await messages(product, tenant)
    assert [(row["status"], row["issue"]) for row in rows] == [("FAILED", DeliveryIssueCode.UNCONFIRMED)] * 2
    assert len(await at_the_provider(product, tenant)) == 1


async def test_one_that_a_callback_tells_of_while_the_log_is_read_is_given_up_no_more(
    product: Product, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, plain_numbers(1))
    for key in ("first", "second", "third"):
        await send(tenant.machine, contacts, key=key)
    gate.next(tenant.account_sid, Way.ANSWER_LOST, Way.ANSWER_LOST, Way.BROKEN)
    dispatcher = deaf_dispatcher(product)
    await dispatcher.run_once()
    made, _ = await at_the_provider(product, tenant)
    told = (await messages(product, tenant))[0]
    read_log = type(product.gateway.messages).sent_to

    async def told_meanwhile(*asked: Any, since: datetime) -> list[ProviderMessage]:
        found = await read_log(*asked, since=since)
        await _call_back(product, tenant, told["id"], made["sid"], "sent")
        return found

    monkeypatch.setattr(type(product.gateway.messages), "sent_to", told_meanwhile)
    product.clock.advance(PATIENCE)
    await dispatcher.run_once()
    told_of, *others = await messages(product, tenant)
    assert (told_of["status"], told_of["provider_reference"]) == (_Status.SENT, made["sid"])
    assert [row["issue"] for row in others] == [DeliveryIssueCode.UNCONFIRMED] * 2


async def test_once_a_callback_names_the_twin_that_left_the_other_is_sent_again(product: Product, gate: Gate) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, plain_numbers(1))
    for key in ("first", "second"):
        await send(tenant.machine, contacts, key=key)
    gate.next(tenant.account_sid, Way.ANSWER_LOST, Way.BROKEN)
    dispatcher = deaf_dispatcher(product)
    await dispatcher.run_once()
    product.clock.advance(GRACE)
    await dispatcher.run_once()
    assert await statuses(product, tenant) == [_Status.CONFIRMING] * 2
    (made,) = await at_the_provider(product, tenant)
    first, second = await messages(product, tenant)
    await _call_back(product, tenant, first["id"], made["sid"], "sent")
    product.clock.advance(GRACE)
    for _ in range(2):  # it waits again, and leaves
        await dispatcher.run_once()
    assert await statuses(product, tenant) == [_Status.SENT, _Status.SENDING]
    references = {row["id"]: row["provider_reference"] for row in await messages(product, tenant)}
    assert references[first["id"]] == made["sid"]
    assert {references[second["id"]], made["sid"]} == {one["sid"] for one in await at_the_provider(product, tenant)}
    assert await balanced_books(product, tenant) == Books(used=2, reserved=0)


async def test_what_nobody_could_confirm_is_asked_about_once_a_callback_names_it(product: Product, gate: Gate) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, plain_numbers(1))
    for key in ("first", "second"):
        await send(tenant.machine, contacts, key=key)
    gate.next(tenant.account_sid, Way.ANSWER_LOST, Way.BROKEN)
    dispatcher = deaf_dispatcher(product)
    await dispatcher.run_once()
    product.clock.advance(PATIENCE)
    await dispatcher.run_once()
    await delivered_at_the_provider(product, tenant)
    (made,) = await at_the_provider(product, tenant)
    given_up = (await messages(product, tenant))[0]
    assert given_up["issue"] == DeliveryIssueCode.UNCONFIRMED
    await _call_back(product, tenant, given_up["id"], made["sid"], "sent")
    assert await balanced_books(product, tenant) == Books(used=1, reserved=1)
    product.clock.advance(FIRST_PAUSE)
    accounts = ProviderAccounts(product.database, product.box, product.clock)
    sweeper = Sweeper(product.database, product.gateway.messages, product.gateway.inbound_log, accounts, product.clock)
    assert (await sweeper.sweep_due()).repaired == 1
    row = (await messages(product, tenant))[0]
    assert (row["status"], row["issue"]) == (_Status.DELIVERED, None)


async def _call_back(product: Product, tenant: TenantUnderTest, message_id: UUID, sid: str, status: str) -> None:
    inbox = CallbackInbox(product.database, product.clock)
    fields = {"MessageSid": sid, "MessageStatus": status}
    await inbox.receive(ReceivedCallback(tenant.id, CallbackKind.MESSAGE_STATUS, fields, message_id))
    assert await product.apply_callbacks() == 1


async def test_a_late_callback_tells_which_twin_it_was(product: Product, gate: Gate) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, ["+12025550160"])
    for key in ("first", "second"):
        await send(tenant.machine, contacts, key=key)
    gate.next(tenant.account_sid, Way.BROKEN)
    dispatcher = deaf_dispatcher(product)
    await dispatcher.run_once()
    product.clock.advance(PATIENCE)
    await dispatcher.run_once()
    second = (await messages(product, tenant))[1]
    (made,) = await at_the_provider(product, tenant)
    inbox = CallbackInbox(product.database, product.clock)
    fields = {"MessageSid": made["sid"], "MessageStatus": "delivered"}
    await inbox.receive(ReceivedCallback(tenant.id, CallbackKind.MESSAGE_STATUS, fields, second["id"]))
    assert await product.apply_callbacks() == 1
    assert await statuses(product, tenant) == [_Status.FAILED, _Status.DELIVERED]
    assert [row["issue"] for row in await messages(product, tenant)] == [DeliveryIssueCode.UNCONFIRMED, None]
    assert await balanced_books(product, tenant) == Books(used=1, reserved=1)


async def test_twins_that_were_all_made_are_all_found_one_for_each(product: Product) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, ["+12025550160"])
    for key in ("first", "second", "third"):
        await send(tenant.machine, contacts, key=key)
    dispatcher = deaf_dispatcher(product)
    await dispatcher.run_once()
    await delivered_at_the_provider(product, tenant, 3)
    product.clock.advance(timedelta(seconds=5))
    await dispatcher.run_once()
    rows = await messages(product, tenant)
    assert [row["status"] for row in rows] == [_Status.DELIVERED] * 3
    assert {row["provider_reference"] for row in rows} == {
        made["sid"] for made in await at_the_provider(product, tenant)
    }
    assert await balanced_books(product, tenant) == Books(used=3, reserved=0)
