"""The idempotency key: one effect for one request, however often, from however many at once it comes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from auth.permissions import TenantRole, machine_permissions
from portal.actor import Actor, ActorKind
from portal.clock import new_id
from portal.database.address import DatabaseAddress
from portal.messages.addressees import Recipients
from portal.messages.composing import Composition
from portal.messages.sending import OnRefusal, SendRequest
from portal.messages.sending import send as accept
from portal.plans.balances import lock_balance
from tests.messages.traffic import (
    SEND,
    Books,
    add_contacts,
    balanced_books,
    message_key,
    messages,
    plain_numbers,
    send,
    send_at_once,
)
from tests.product import Product, TenantUnderTest
from tests.waiting import until_one_waits

KEYS = ("", "x" * 256)


@asynccontextmanager
async def _held_balance(product: Product, tenant: TenantUnderTest) -> AsyncIterator[None]:
    """While this lasts, every send of the tenant stops before it writes."""
    async with product.database.for_tenant(tenant.id) as tx:
        await lock_balance(tx, now=product.clock.now())
        yield


async def test_the_same_request_again_gets_the_same_answer_and_has_no_second_effect(product: Product) -> None:
    tenant = await product.tenant(allowance=10)
    contacts = await add_contacts(product, tenant, plain_numbers(3))
    first = await send(tenant.machine, [*contacts, contacts[0]])
    again = await send(tenant.machine, [*contacts, contacts[0]])
    assert (first["idempotentReplay"], again["idempotentReplay"]) == (False, True)
    assert again | {"idempotentReplay": False} == first
    assert first["batch"]["refusals"]["nodes"] == [{"code": "DUPLICATE"}]
    assert len(await messages(product, tenant)) == 3
    assert await balanced_books(product, tenant) == Books(used=0, reserved=3)


async def test_a_replay_tells_how_the_batch_stands_now(product: Product) -> None:
    tenant = await product.tenant(allowance=10)
    contacts = await add_contacts(product, tenant, plain_numbers(2))
    first = await send(tenant.machine, contacts)
    await product.dispatcher.run_once()
    again = await send(tenant.machine, contacts)
    assert again["batch"]["id"] == first["batch"]["id"]
    assert again["allowance"] == {"used": 2, "reserved": 0, "remaining": 8}
    assert await product.dispatcher.run_once() == 0


@pytest.mark.parametrize(
    "changed", [{"body": "Another text"}, {"onRefusal": "SEND_NONE"}, {"variables": {"name": "Alice"}}]
)
async def test_gq_11_the_same_key_with_another_request_is_refused(product: Product, changed: dict[str, Any]) -> None:
    tenant = await product.tenant(allowance=10)
    contacts = await add_contacts(product, tenant, plain_numbers(2))
    await send(tenant.machine, contacts)
    answer = await send(tenant.machine, contacts, **changed)
    assert answer["errors"] == [{"code": "IDEMPOTENCY_CONFLICT", "path": ["input", "idempotencyKey"]}]
    assert answer["batch"] is None
    assert await balanced_books(product, tenant) == Books(used=0, reserved=2)


async def test_the_same_key_with_other_recipients_or_in_another_order_is_refused(product: Product) -> None:
    tenant = await product.tenant(allowance=10)
    contacts = await add_contacts(product, tenant, plain_numbers(2))
    await send(tenant.machine, contacts)
    for others in (contacts[:1], contacts[::-1]):
        answer = await send(tenant.machine, others)
        assert [error["code"] for error in answer["errors"]] == ["IDEMPOTENCY_CONFLICT"]
    assert len(await messages(product, tenant)) == 2


async def test_while_a_request_is_worked_on_its_twin_is_told_so(
    product: Product, superuser: DatabaseAddress, address: DatabaseAddress
) -> None:
    tenant = await product.tenant(allowance=10)
    contacts = await add_contacts(product, tenant, plain_numbers(2))
    async with _held_balance(product, tenant):
        first = asyncio.create_task(send(tenant.machine, contacts))
        await until_one_waits(superuser, address)
        twin = await send(tenant.machine, contacts)
        assert twin["errors"] == [{"code": "IDEMPOTENCY_IN_PROGRESS", "path": ["input", "idempotencyKey"]}]
    made = await first
    assert (made["errors"], made["idempotentReplay"]) == ([], False)
    again = await send(tenant.machine, contacts)
    assert (again["idempotentReplay"], again["batch"]["id"]) == (True, made["batch"]["id"])
    assert await balanced_books(product, tenant) == Books(used=0, reserved=2)


async def test_gq_11_twenty_twins_at_once_have_one_effect(product: Product) -> None:
    tenant = await product.tenant(allowance=10)
    contacts = await add_contacts(product, tenant, plain_numbers(2))
    answers = await send_at_once(tenant.machine, [("first", contacts)] * 20)
    made = [answer for answer in answers if answer["batch"] is not None]
    assert [answer["idempotentReplay"] for answer in made].count(False) == 1
    assert len({answer["batch"]["id"] for answer in made}) == 1
    others = [answer["errors"] for answer in answers if answer["batch"] is None]
    assert all(errors[0]["code"] == "IDEMPOTENCY_IN_PROGRESS" for errors in others)
    assert await balanced_books(product, tenant) == Books(used=0, reserved=2)


async def test_another_principals_key_is_another_key(product: Product) -> None:
    tenant = await product.tenant(allowance=10)
    contacts = await add_contacts(product, tenant, plain_numbers(2))
    callers = [
        tenant.machine,
        await product.machine(tenant.id, machine_permissions()),
        await product.member(tenant.id, TenantRole.DEVELOPER),
    ]
    answers = [await send(caller, contacts) for caller in callers]
    assert [answer["idempotentReplay"] for answer in answers] == [False, False, False]
    assert len({answer["batch"]["id"] for answer in answers}) == 3
    assert await balanced_books(product, tenant) == Books(used=0, reserved=6)


async def test_another_tenants_key_is_another_key_and_tells_nothing(product: Product) -> None:
    falcon, freestyle = await product.tenant(), await product.tenant()
    theirs = await add_contacts(product, falcon, plain_numbers(1))
    own = await add_contacts(product, freestyle, plain_numbers(1))
    await send(falcon.machine, theirs)
    answer = await send(freestyle.machine, own, body="Another text")
    assert (answer["errors"], answer["idempotentReplay"], answer["batch"]["accepted"]) == ([], False, 1)


async def test_the_key_is_free_again_when_its_transaction_is_rolled_back(product: Product) -> None:
    tenant = await product.tenant(allowance=10)
    (contact,) = await add_contacts(product, tenant, plain_numbers(1))
    actor = Actor(ActorKind.SYSTEM, new_id(product.clock.now()), "A test")
    composition = Composition(Recipients((message_key(contact),)), None, "Your bike is ready.", {})
    request = SendRequest("first", composition, OnRefusal.SEND_REST)

    async def break_off() -> None:
        async with product.database.for_tenant(tenant.id) as tx:
            await accept(tx, request, actor, now=product.clock.now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await break_off()
    assert await messages(product, tenant) == []
    async with product.database.for_tenant(tenant.id) as tx:
        assert not (await accept(tx, request, actor, now=product.clock.now())).replay
    assert await balanced_books(product, tenant) == Books(used=0, reserved=1)


async def test_a_database_connection_that_dies_in_the_middle_leaves_the_key_free(
    product: Product, superuser: DatabaseAddress, address: DatabaseAddress
) -> None:
    tenant = await product.tenant(allowance=10)
    contacts = await add_contacts(product, tenant, plain_numbers(1))
    given = {"idempotencyKey": "first", "recipients": {"contactIds": contacts}, "body": "Your bike is ready."}
    text = "mutation ($input: MessageSendInput!) { messageSend(input: $input) { batch { id } } }"
    async with _held_balance(product, tenant):
        first = asyncio.create_task(tenant.machine.post(query=text, variables={"input": given}))
        pid = await until_one_waits(superuser, address)
        connection = await asyncpg.connect(**superuser.credentials())
        try:
            assert await connection.fetchval("SELECT pg_terminate_backend($1)", pid)
        finally:
            await connection.close()
        answer = await first
    assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "terminat" not in answer.text
    assert await messages(product, tenant) == []
    again = await send(tenant.machine, contacts)
    assert (again["errors"], again["idempotentReplay"]) == ([], False)
    assert await balanced_books(product, tenant) == Books(used=0, reserved=1)


@pytest.mark.parametrize("key", KEYS, ids=["empty", "too long"])
async def test_a_key_that_is_none_is_refused(product: Product, key: str) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, plain_numbers(1))
    answer = await send(tenant.machine, contacts, key=key)
    assert answer["errors"] == [{"code": "INVALID", "path": ["input", "idempotencyKey"]}]
    assert await messages(product, tenant) == []


@pytest.mark.parametrize("key", ["🚲" * 255, "'; DROP TABLE message; --", "line\nbreak"])
async def test_any_characters_make_a_key(product: Product, key: str) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, plain_numbers(1))
    assert (await send(tenant.machine, contacts, key=key))["errors"] == []
    assert (await send(tenant.machine, contacts, key=key))["idempotentReplay"]


@pytest.mark.parametrize(
    "changed",
    [
        {"idempotencyKey": "nul\x00"},
        {"body": "nul\x00"},
        {"variables": {"name": "nul\x00"}},
        {"variables": {"nul\x00": "name"}},
    ],
)
async def test_the_character_that_no_text_can_hold_is_refused(product: Product, changed: dict[str, Any]) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, plain_numbers(1))
    given = {"idempotencyKey": "first", "recipients": {"contactIds": contacts}, "body": "Your bike is ready."}
    answer = await tenant.machine.post(query=SEND, variables={"input": given | changed})
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["extensions"]["code"]) == (400, "BAD_USER_INPUT")
    assert await messages(product, tenant) == []


async def test_a_replay_is_answered_when_everything_has_been_used_up_since(product: Product) -> None:
    tenant = await product.tenant(allowance=1)
    contacts = await add_contacts(product, tenant, plain_numbers(2))
    first = await send(tenant.machine, contacts[:1])
    assert (await send(tenant.machine, contacts[1:], key="second"))["batch"]["accepted"] == 0
    again = await send(tenant.machine, contacts[:1])
    assert (again["idempotentReplay"], again["batch"]) == (True, first["batch"])
