"""A person is erased, here and at the provider, and nothing tells of them any more but what keeps them unwritten to."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import asyncpg

from portal.callbacks.inbox import CallbackInbox, CallbackKind, ReceivedCallback
from portal.calls.recording import end_unmade
from portal.calls.status import CallIssueCode, CallStatus
from portal.database.address import DatabaseAddress
from portal.erasure.erasing import ContactErasures
from portal.erasure.rows import empty_rows
from portal.tenants.accounts import ProviderAccounts
from tests.audit.log import SIGNER, AuditLog
from tests.calls.voice import all_ended, at_the_provider, calls, give_price, make
from tests.conversations.inbound import write
from tests.messages.callbacks import fields_of
from tests.messages.traffic import deaf_dispatcher, messages, send
from tests.plans.given import give_plan, key_of
from tests.product import Caller, Product, TenantUnderTest
from tests.waiting import until, until_one_waits
from twilio_gateway.gateway import TwilioGateway

EVE, ADAM, EVELYN = "+12135550147", "+12135550148", "+12135550149"
CREATE = """mutation ($input: ContactCreateInput!) {
  contactCreate(input: $input) { contact { id } errors { code } }
}"""
ERASE = "mutation ($id: ID!) { contactErase(id: $id) { contactErasure { id state } errors { code path } } }"
MERGE = """mutation ($kept: ID!, $merged: ID!) {
  contactMerge(input: {keptId: $kept, mergedId: $merged}) { errors { code } }
}"""
RECEIPT = """query ($id: ID!) {
  node(id: $id) {
    ... on ContactErasure {
      state waitsFor requestedAt erasedHereAt erasedAtCarrierAt digest
      erased { messages conversations consents reports auditEntries carrierMessages carrierCalls }
    }
  }
}"""


async def _work(product: Product, gateway: TwilioGateway) -> int:
    """Go on with what is due."""
    accounts = ProviderAccounts(product.database, product.box, product.clock)
    return await ContactErasures(product.database, gateway.erasure, accounts, SIGNER, product.clock).work_due()


async def _add(caller: Caller, name: str, number: str) -> str:
    consent = {"status": "GIVEN", "source": "form"}
    made = await caller.run(CREATE, input={"name": name, "number": number, "tags": ["Guests"], "consent": consent})
    return str(made["contactCreate"]["contact"]["id"])


async def _tables_that_tell(address: DatabaseAddress, *texts: str) -> set[str]:
    """The tables with a row in which one of these texts stands."""
    connection = await asyncpg.connect(**address.credentials())
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        patterns = [f"%{text}%" for text in texts]
        sql = "SELECT EXISTS (SELECT FROM {} AS t WHERE t::text LIKE ANY($1::text[]))"
        return {row[0] for row in tables if await connection.fetchval(sql.format(row[0]), patterns)}
    finally:
        await connection.close()


async def _delivered(product: Product, tenant: TenantUnderTest) -> bool:
    while await product.apply_callbacks():
        pass
    sql = "SELECT count(*) = 0 FROM message WHERE tenant_id = $1 AND status NOT IN ('DELIVERED', 'RECEIVED')"
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        return bool(await tx.value(sql, tenant.id))


async def _receipt(caller: Caller, given: str) -> dict[str, Any]:
    return dict((await caller.run(RECEIPT, id=given))["node"])


async def _with_history(product: Product, tenant: TenantUnderTest) -> str:
    """The id of a contact who was written to, wrote, and asked to be left alone; the answer to that waits."""
    eve, adam = await _add(tenant.machine, "Eve Ericsson", EVE), await _add(tenant.machine, "Adam", ADAM)
    await send(tenant.machine, [eve, adam])
    async with product.database.for_tenant(tenant.id) as tx:  # as if it was sent with a CONTENT template
        sql = 'UPDATE message SET content_variables = \'{"1": "Eve"}\' WHERE tenant_id = $1 AND recipient_number = $2'
        await tx.execute(sql, tenant.id, EVE)
    while await product.dispatcher.run_once():
        pass
    await until(lambda: _delivered(product, tenant))
    await write(product, tenant, "Eve's own secret", sender=EVE)
    await write(product, tenant, "STOP", sender=EVE)
    return eve


async def test_a_person_is_erased_in_both_stores_and_stays_unwritten_to(
    product: Product, superuser: DatabaseAddress, address: DatabaseAddress
) -> None:
    everything = superuser.to(database=address.database)
    tenant = await product.tenant()
    caller = tenant.machine
    eve = await _with_history(product, tenant)
    log = AuditLog(product.database, product.clock, tenant.id, [])
    await log.seal()
    before = await _tables_that_tell(everything, EVE, "Eve", "Ericsson")
    assert {"contact", "conversation", "contact_consent", "callback_inbox", "suppression"} <= before

    answer = (await caller.run(ERASE, id=eve))["contactErase"]
    assert (answer["contactErasure"]["state"], answer["errors"]) == ("WAITING", [])
    again = (await caller.run(ERASE, id=eve))["contactErase"]
    assert again["errors"] == [{"code": "NOT_FOUND", "path": ["id"]}]
    given = answer["contactErasure"]["id"]
    assert await _work(product, product.gateway) == 1
    waiting = await _receipt(caller, given)  # for the answer to STOP, which the list does not hold back
    assert (waiting["state"], waiting["waitsFor"], waiting["digest"]) == ("WAITING", "IN_FLIGHT", None)
    assert await _work(product, product.gateway) == 0  # it is not due yet
    while await product.dispatcher.run_once():
        pass
    product.clock.advance(timedelta(minutes=2))
    async with TwilioGateway.open("http://127.0.0.1:1") as nowhere:
        assert await _work(product, nowhere) == 1
    assert (await _receipt(caller, given))["waitsFor"] == "CARRIER"
    await until(lambda: _delivered(product, tenant))
    product.clock.advance(timedelta(minutes=3))
    assert await _work(product, product.gateway) == 1
    receipt = await _receipt(caller, given)
    assert receipt["waitsFor"] is None
    assert len(receipt["digest"]) == 64
    assert receipt["erasedHereAt"] > waiting["requestedAt"]
    assert receipt["erased"]["messages"] == 4  # the send, what she wrote twice, and the answer to STOP
    assert receipt["erased"]["carrierMessages"] == 2  # what she wrote was told by the test, not by the simulator
    assert receipt["erased"]["conversations"] == 1
    assert receipt["erased"]["consents"] == 2
    assert receipt["erased"]["reports"] >= 3
    assert receipt["erased"]["auditEntries"] >= 1

    assert await _tables_that_tell(everything, EVE, "Eve", "Ericsson") == {"suppression"}
    assert await log.problems() == []
    credentials = await ProviderAccounts(product.database, product.box, product.clock).credentials(tenant.id)
    assert credentials is not None
    assert await product.gateway.erasure.messages_with(credentials, EVE) == []
    assert len(await product.gateway.erasure.messages_with(credentials, ADAM)) == 1
    anew = await _add(caller, "Eve again", EVE)
    refused = await send(caller, [anew], key="again")
    assert refused["batch"]["refusals"]["nodes"] == [{"code": "OPTED_OUT"}]


async def test_a_carrier_s_late_word_on_who_was_erased_puts_nobody_on_the_list(product: Product) -> None:
    tenant = await product.tenant()
    await send(tenant.machine, [await _add(tenant.machine, "Eve Ericsson", EVE)])
    await deaf_dispatcher(product).run_once()
    (message,) = await messages(product, tenant)
    async with product.database.for_tenant(tenant.id) as tx:
        await empty_rows(tx, message["contact_id"], [EVE])
    fields = fields_of(tenant, "failed", ErrorCode="21610")
    inbox = CallbackInbox(product.database, product.clock)
    await inbox.receive(ReceivedCallback(tenant.id, CallbackKind.MESSAGE_STATUS, fields, message["id"]))
    assert await product.apply_callbacks() == 1
    assert (await messages(product, tenant))[0]["issue"] == "OPTED_OUT"
    listed = await tenant.machine.run("{ suppressions(first: 9) { nodes { id } } }")
    assert listed["suppressions"]["nodes"] == []


async def test_whom_a_tenant_called_is_erased_with_what_was_said_and_what_waits_is_not_said(
    product: Product, superuser: DatabaseAddress, address: DatabaseAddress
) -> None:
    everything = superuser.to(database=address.database)
    tenant = await product.tenant()
    await give_price(product, tenant)
    caller = tenant.machine
    eve, adam = await _add(caller, "Eve Ericsson", EVE), await _add(caller, "Adam", ADAM)
    assert (await make(caller, None, contactId=eve, announcement="Eve, it is ready."))["errors"] == []
    assert await product.dialer.work_due() == 1
    await all_ended(product, tenant, {"COMPLETED"})
    for other in (eve, await _add(caller, "Evelyn", EVELYN)):  # to the last of them nothing ever left
        merged = await caller.run(MERGE, kept=adam, merged=other)
        assert merged["contactMerge"]["errors"] == []
    assert (await make(caller, EVE, idempotencyKey="other", announcement="Eve, come!"))["errors"] == []
    hashes = "SELECT array_agg(request_hash) FROM idempotency_key WHERE tenant_id = $1"
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        known = await tx.value(hashes, tenant.id)
    told = await _tables_that_tell(everything, EVE[1:], "Eve")
    assert {"call", "traffic_window", "callback_inbox"} <= told

    given = (await caller.run(ERASE, id=adam))["contactErase"]["contactErasure"]["id"]
    assert await product.dialer.work_due() == 0
    assert {call["status"] for call in await calls(tenant)} == {"CANCELED", "COMPLETED"}
    assert await _work(product, product.gateway) == 1
    receipt = await _receipt(caller, given)
    assert (receipt["state"], receipt["erased"]["carrierCalls"]) == ("DONE", 1)
    assert await at_the_provider(product, tenant) == []
    listed = await caller.run("{ contactErasures(first: 1) { nodes { id digest } pageInfo { hasNextPage } } }")
    assert listed["contactErasures"] == {
        "nodes": [{"id": given, "digest": receipt["digest"]}],
        "pageInfo": {"hasNextPage": False},
    }
    assert await _tables_that_tell(everything, EVE[1:], EVELYN[1:], ADAM[1:], "Eve", "Adam") <= {
        "audit_entry",
        "suppression",
    }
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        assert not set(known) & set(await tx.value(hashes, tenant.id))


async def test_whoever_erases_waits_for_who_ends_a_call_and_holds_nothing_that_they_need(
    product: Product, superuser: DatabaseAddress, address: DatabaseAddress
) -> None:
    tenant = await product.tenant()
    caller = tenant.machine
    await give_price(product, tenant)
    overage: dict[str, Any] = {"strategy": "TIER_WITH_OVERAGE", "overage": Decimal("0.02"), "at_limit": "OVERAGE"}
    await give_plan(product, tenant.id, allowance_amount=0, other_ratio=Decimal("0.5"), **overage)
    eve = await _add(caller, "Eve Ericsson", EVE)
    assert (await send(caller, [eve]))["batch"]["accepted"] == 1
    call = key_of((await make(caller, EVE))["call"]["id"])
    async with product.database.for_tenant(tenant.id) as tx:
        await tx.execute("SELECT FROM call WHERE tenant_id = $1 AND id = $2 FOR UPDATE", tenant.id, call)
        erasing = asyncio.create_task(caller.run(ERASE, id=eve))
        await until_one_waits(superuser, address)
        await end_unmade(tx, {call: CallIssueCode.PROVIDER_REFUSED}, CallStatus.FAILED, now=product.clock.now())
    assert (await erasing)["contactErase"]["errors"] == []
    assert [call["status"] for call in await calls(tenant)] == ["FAILED"]
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        assert await tx.value("SELECT reserved FROM spend_balance WHERE tenant_id = $1", tenant.id) == 0
