"""Handing over: what becomes of a message to each magic number, and of one that Twilio turns away."""

from datetime import timedelta

import httpx2

from portal.callbacks.inbox import CallbackInbox, CallbackKind, ReceivedCallback
from portal.contacts.suppressions import read_suppressions_of, release
from portal.database import DatabaseRole
from portal.encryption import SecretBox
from portal.messages.issues import DeliveryIssueCode
from portal.messages.status import MessageStatus
from portal_schema.nodes import to_global
from tests.messages.callbacks import fields_of
from tests.messages.gate import Gate, Way
from tests.messages.traffic import (
    Books,
    add_contacts,
    at_the_provider,
    balanced_books,
    cancel,
    messages,
    plain_numbers,
    send,
    statuses,
    timeline,
)
from tests.product import Product, TenantUnderTest
from tests.waiting import until
from twilio_gateway.simulator.magic import MAGIC

_Status, _Issue = MessageStatus, DeliveryIssueCode
DELIVERED = (_Status.DELIVERED, None)
ENDS: dict[str, tuple[MessageStatus, DeliveryIssueCode | None]] = {
    "+12025550100": DELIVERED,
    "+12025550103": (_Status.UNDELIVERED, _Issue.UNREACHABLE),
    "+12025550104": (_Status.UNDELIVERED, _Issue.BLOCKED),
    "+12025550105": (_Status.UNDELIVERED, _Issue.UNKNOWN_HANDSET),
    "+12025550106": (_Status.UNDELIVERED, _Issue.LANDLINE),
    "+12025550107": (_Status.UNDELIVERED, _Issue.FILTERED),
    "+12025550108": (_Status.FAILED, _Issue.UNKNOWN),
    "+12025550134": (_Status.UNDELIVERED, _Issue.UNREGISTERED_SENDER),
    "+12025550110": (_Status.FAILED, _Issue.OPTED_OUT),
    "+12025550111": (_Status.FAILED, _Issue.INVALID_NUMBER),
    "+12025550114": (_Status.FAILED, _Issue.LANDLINE),
    "+12025550118": (_Status.FAILED, _Issue.COUNTRY_NOT_ALLOWED),
    "+12025550120": DELIVERED,
    "+12025550129": DELIVERED,
    "+12025550150": DELIVERED,
    "+12025550151": DELIVERED,
    "+12025550160": DELIVERED,
    "+12025550161": DELIVERED,
    "+12025550170": DELIVERED,
    "+12025550171": DELIVERED,
    "+12025550172": DELIVERED,
    "+12025550173": (_Status.SENDING, None),  # nobody calls back, and so nobody tells
    "+12025550180": (_Status.SENDING, None),
}
NEVER_CREATED = 4  # refused at once


async def _standings(product: Product, tenant: TenantUnderTest) -> dict[str, tuple[str, str | None]]:
    return {row["recipient_number"]: (row["status"], row["issue"]) for row in await messages(product, tenant)}


async def _live_through(product: Product, tenant: TenantUnderTest) -> None:
    """Let time pass, from one due message to the next, until nothing is due any more."""
    while True:
        due = [(row["due_at"], row["status"]) for row in await messages(product, tenant) if row["due_at"] is not None]
        if not due:
            return
        now = product.clock.now()
        if all(at > now and status != "SENDING" for at, status in due):
            product.clock.turn_to(min(at for at, _ in due))
        await product.dispatcher.run_once()


async def test_every_magic_number_ends_as_its_table_says(product: Product) -> None:
    silent = {number: outcome for number, outcome in MAGIC.items() if not outcome.answer}  # who answers converses
    assert ENDS.keys() == silent.keys()
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, list(ENDS))
    await send(tenant.machine, contacts)
    await _live_through(product, tenant)

    async def ended() -> bool:
        await product.apply_callbacks()
        return await _standings(product, tenant) == ENDS

    await until(ended)
    made = await at_the_provider(product, tenant)
    assert sorted(message["to"] for message in made) == sorted(
        number for number, outcome in silent.items() if not outcome.refusal
    )
    assert await balanced_books(product, tenant) == Books(used=len(ENDS) - NEVER_CREATED, reserved=0)


async def test_the_worker_alone_takes_a_message_all_the_way(product: Product) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, ["+12025550100", "+12025550171", "+12025550172"])
    async with product.worker():
        await send(tenant.machine, contacts)

        async def all_is_told() -> bool:  # one of them is told in the wrong order, of DELIVERED first
            events = [await timeline(product, tenant, row["id"]) for row in await messages(product, tenant)]
            return all({("SENT", "CALLBACK"), ("DELIVERED", "CALLBACK")} <= {*told} for told in events)

        await until(all_is_told)
    assert await statuses(product, tenant) == [_Status.DELIVERED] * 3
    for row in await messages(product, tenant):
        told = await timeline(product, tenant, row["id"])
        # Whatever came first and however often: each thing once.
        assert sorted(told) == [
            ("DELIVERED", "CALLBACK"),
            ("QUEUED", "PORTAL"),
            ("SENDING", "PROVIDER_ANSWER"),
            ("SENT", "CALLBACK"),
        ]
        assert row["due_at"] is None


async def test_a_throttled_message_waits_longer_each_time_and_is_never_sent_before_its_time(
    product: Product, gate: Gate
) -> None:
    tenant = await product.tenant()
    await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(1)))
    gate.next(tenant.account_sid, *[Way.THROTTLED] * 12)
    for attempt in range(1, 13):
        assert await product.dispatcher.run_once() == 1
        assert gate.creates[tenant.account_sid] == attempt
        (row,) = await messages(product, tenant)
        assert (row["status"], row["attempts"], row["first_tried_at"]) == ("QUEUED", attempt, None)
        pause = row["due_at"] - product.clock.now()
        assert timedelta() <= pause <= min(timedelta(seconds=2**attempt), timedelta(minutes=5))
        if pause > timedelta(milliseconds=1):
            product.clock.turn_to(row["due_at"] - timedelta(milliseconds=1))
            assert await product.dispatcher.run_once() == 0
        product.clock.turn_to(row["due_at"])
    assert await product.dispatcher.run_once() == 1
    assert await statuses(product, tenant) == [_Status.SENDING]
    assert len(await at_the_provider(product, tenant)) == 1
    assert await balanced_books(product, tenant) == Books(used=1, reserved=0)


async def test_twilios_own_pause_is_kept(product: Product) -> None:
    tenant = await product.tenant()
    await send(tenant.machine, await add_contacts(product, tenant, ["+12025550129"]))
    for _ in range(2):
        await product.dispatcher.run_once()
        (row,) = await messages(product, tenant)
        assert row["due_at"] - product.clock.now() >= timedelta(seconds=1)
        product.clock.turn_to(row["due_at"])
    await product.dispatcher.run_once()
    assert await statuses(product, tenant) == [_Status.SENDING]


async def test_a_throttled_message_can_be_canceled_and_is_given_back(product: Product, gate: Gate) -> None:
    tenant = await product.tenant()
    sent = await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(1)))
    gate.next(tenant.account_sid, Way.THROTTLED)
    await product.dispatcher.run_once()
    assert (await cancel(tenant.machine, sent["batch"]["id"]))["canceled"] == 1
    product.clock.advance(timedelta(hours=1))
    await product.dispatcher.run_once()
    assert gate.creates[tenant.account_sid] == 1
    assert await balanced_books(product, tenant) == Books(used=0, reserved=0)


async def test_a_message_that_has_left_is_not_canceled(product: Product) -> None:
    tenant = await product.tenant()
    await send(tenant.machine, await add_contacts(product, tenant, ["+12025550180"]))
    await product.dispatcher.run_once()
    (row,) = await messages(product, tenant)
    answer = await cancel(tenant.machine, str(to_global("Message", row["id"])))
    assert [error["code"] for error in answer["errors"]] == ["TOO_LATE"]
    assert await balanced_books(product, tenant) == Books(used=1, reserved=0)


async def test_what_is_canceled_at_the_provider_is_canceled_here(product: Product) -> None:
    tenant = await product.tenant()
    await send(tenant.machine, await add_contacts(product, tenant, ["+12025550180"]))
    await product.dispatcher.run_once()
    (row,) = await messages(product, tenant)
    path = f"/api/2010-04-01/Accounts/{tenant.account_sid}/Messages/{row['provider_reference']}.json"
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        answer = await http.post(
            f"{product.settings.simulator_url}{path}",
            data={"Status": "canceled"},
            auth=(tenant.account_sid, tenant.auth_token),
        )
    assert answer.status_code == 200

    async def canceled() -> bool:
        await product.apply_callbacks()
        return await statuses(product, tenant) == [_Status.CANCELED]

    await until(canceled)
    assert await balanced_books(product, tenant) == Books(used=1, reserved=0)  # it had left


async def test_who_opted_out_at_the_provider_is_on_the_list_once(product: Product) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, ["+12025550110"])
    for key in ("first", "second"):  # both are accepted before the provider has said no to either
        assert (await send(tenant.machine, contacts, key=key))["batch"]["accepted"] == 1
    await product.dispatcher.run_once()
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        rows = await tx.rows("SELECT number, source FROM suppression WHERE tenant_id = $1", tenant.id)
    assert [tuple(row) for row in rows] == [("+12025550110", "CARRIER")]
    assert await balanced_books(product, tenant) == Books(used=0, reserved=0)


async def test_a_refusal_heard_again_undoes_no_start_that_came_since(product: Product) -> None:
    tenant = await product.tenant()
    await send(tenant.machine, await add_contacts(product, tenant, ["+12025550110"]))
    await product.dispatcher.run_once()
    (row,) = await messages(product, tenant)
    async with product.database.for_tenant(tenant.id) as tx:
        assert set(await read_suppressions_of(tx, [row["recipient_number"]])) == {row["recipient_number"]}
        await release(tx, row["recipient_number"], asked_at=product.clock.now())
    inbox = CallbackInbox(product.database, product.clock)
    fields = fields_of(tenant, "failed", ErrorCode="21610")
    await inbox.receive(ReceivedCallback(tenant.id, CallbackKind.MESSAGE_STATUS, fields, row["id"]))
    assert await product.apply_callbacks() == 1
    assert ("FAILED", "CALLBACK") in await timeline(product, tenant, row["id"])
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        assert await read_suppressions_of(tx, [row["recipient_number"]]) == {}


async def test_a_tenant_that_cannot_be_served_rests_and_loses_nothing(product: Product) -> None:
    tenant, other = await product.tenant(), await product.tenant()
    for each in (tenant, other):
        await send(each.machine, await add_contacts(product, each, plain_numbers(2)))
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:  # as after a restore with another secret
        broken = SecretBox("another made-up secret of enough characters").encrypt("key")
        sql = "UPDATE provider_account SET key_secret = $2 WHERE tenant_id = $1 RETURNING key_secret"
        whole = await tx.value("SELECT key_secret FROM provider_account WHERE tenant_id = $1", tenant.id)
        await tx.execute(sql, tenant.id, broken)
    assert await product.dispatcher.run_once() == 2
    assert await product.dispatcher.run_once() == 0
    assert await statuses(product, tenant) == [_Status.QUEUED] * 2
    assert await statuses(product, other) == [_Status.SENDING] * 2
    product.clock.advance(timedelta(minutes=1))
    assert await product.dispatcher.run_once() == 1
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute(sql, tenant.id, whole)
    product.clock.advance(timedelta(minutes=1))
    assert await product.dispatcher.run_once() == 1
    assert await statuses(product, tenant) == [_Status.SENDING] * 2
