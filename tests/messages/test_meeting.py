"""Transactions of one tenant that meet wait for each other, and never in a circle."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from portal.actor import Actor, ActorKind
from portal.alerts.catalogue import AlertKind, ProviderFault
from portal.alerts.raising import Occurrence, raise_alerts
from portal.contacts.suppressions import SuppressionSource, suppress
from portal.database.address import DatabaseAddress
from portal.messages.addressees import Recipients
from portal.messages.canceling import cancel_to
from portal.messages.claiming import LEASE
from portal.messages.composing import Composition
from portal.messages.provider import ProviderMessage, ProviderUnavailableError
from portal.messages.sending import OnRefusal, SendRequest
from portal.messages.sending import send as accept
from portal.messages.silence import FIRST_PAUSE
from portal.messages.status import MessageStatus
from portal.messages.sweeping import FEW
from portal.plans.balances import lock_balance
from portal.sweep.sweeper import Swept
from tests.messages.traffic import (
    Books,
    add_contacts,
    balanced_books,
    deaf_dispatcher,
    message_key,
    plain_numbers,
    send,
    statuses,
)
from tests.product import Product
from tests.sweep.sweeping import asked, sweeper, unheard
from tests.waiting import until_one_waits

_OPTED_OUT = "+12025550110"
_FILTERED = "+12025550107"
_ACTOR = Actor(ActorKind.SYSTEM, UUID(int=0), "Test")


async def test_a_send_meets_a_claim_that_finds_somebody_gone(
    product: Product, superuser: DatabaseAddress, address: DatabaseAddress
) -> None:
    tenant, dispatcher = await product.tenant(allowance=10), deaf_dispatcher(product)
    gone, stays = plain_numbers(2)
    contacts = await add_contacts(product, tenant, [gone, stays])
    await send(tenant.machine, contacts[:1])
    async with product.database.for_tenant(tenant.id) as tx:  # as a STOP that comes while the send is accepted
        await suppress(tx, gone, SuppressionSource.STOP, now=product.clock.now())
    request = SendRequest(
        "second", Composition(Recipients((message_key(contacts[1]),)), None, "Hello", {}), OnRefusal.SEND_NONE
    )
    async with product.database.for_tenant(tenant.id) as tx:
        await lock_balance(tx, now=product.clock.now())
        serving = asyncio.create_task(dispatcher.run_once())
        await until_one_waits(superuser, address)
        await accept(tx, request, _ACTOR, now=product.clock.now())
    await serving
    while await dispatcher.run_once():
        pass
    assert sorted(await statuses(product, tenant)) == [MessageStatus.CANCELED, MessageStatus.SENDING]
    assert await balanced_books(product, tenant) == Books(used=1, reserved=0)


async def test_a_sweep_that_found_a_bad_end_meets_who_records_another(
    product: Product, superuser: DatabaseAddress, address: DatabaseAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await product.tenant()
    silent = plain_numbers(FEW + 1)
    await unheard(product, tenant, [_FILTERED, *silent])
    listed, locked = asyncio.Event(), asyncio.Event()
    provider = type(product.gateway.messages)
    whole_page = provider.sent_between

    async def page_without_the_silent(*asked: Any) -> list[ProviderMessage]:
        found = await whole_page(*asked)
        listed.set()
        await locked.wait()
        return [message for message in found if message.recipient == _FILTERED]

    async def no_answer(*_: object) -> None:
        raise ProviderUnavailableError

    monkeypatch.setattr(provider, "sent_between", page_without_the_silent)
    monkeypatch.setattr(provider, "fetch", no_answer)
    product.clock.advance(FIRST_PAUSE)
    now = product.clock.now()
    sweep = asyncio.create_task(sweeper(product).sweep_due())
    await listed.wait()
    async with product.database.for_tenant(tenant.id) as tx:
        sql = "SELECT 1 FROM message WHERE tenant_id = $1 AND recipient_number = ANY($2::text[]) ORDER BY id FOR UPDATE"
        await tx.execute(sql, tenant.id, silent)
        locked.set()
        await until_one_waits(superuser, address)
        await raise_alerts(tx, [Occurrence(AlertKind.PROVIDER_ERROR, ProviderFault.NOT_SERVED, "one", now)], now=now)
    assert await sweep == Swept(asked=1, repaired=1, unanswered=FEW)
    assert sorted(due for _, due in await asked(product, tenant) if due is not None)[:2] == [now, now + LEASE]


async def test_a_stop_meets_the_refusal_that_it_made(
    product: Product, superuser: DatabaseAddress, address: DatabaseAddress
) -> None:
    tenant, dispatcher = await product.tenant(allowance=10), deaf_dispatcher(product)
    contacts = await add_contacts(product, tenant, [_OPTED_OUT])
    for key in ("refused", "waits"):
        await send(tenant.machine, contacts, key=key)
    now = product.clock.now()
    async with product.database.for_tenant(tenant.id) as tx:
        later = "UPDATE message SET due_at = $2 WHERE tenant_id = $1 AND id = (SELECT max(id::text)::uuid FROM message)"
        await tx.execute(later, tenant.id, now + LEASE)
    async with product.database.for_tenant(tenant.id) as tx:
        await suppress(tx, _OPTED_OUT, SuppressionSource.STOP, now=now)
        serving = asyncio.create_task(dispatcher.run_once())
        await until_one_waits(superuser, address)
        await cancel_to(tx, [_OPTED_OUT], now=now)
    await serving
    assert sorted(await statuses(product, tenant)) == [MessageStatus.CANCELED, MessageStatus.FAILED]
    assert await balanced_books(product, tenant) == Books(used=0, reserved=0)
