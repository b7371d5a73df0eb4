"""What people wrote while nobody listened: read from the provider's log, taken in once, and its keywords obeyed."""

import asyncio
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from portal.callbacks.inbox import CallbackInbox, CallbackKind, ReceivedCallback
from portal.conversations.missing import LOOK_BACK, READ_EVERY
from portal.database import Database
from portal.database.address import DatabaseAddress
from portal.sweep.sweeper import Swept
from tests.messages.gate import Gate
from tests.messages.traffic import add_contacts, messages, send
from tests.product import Product, TenantUnderTest
from tests.sweep.sweeping import last_sweep, sweeper

PERSON = "+12025550143"
RECEIVED = """{ conversations(first: 1) { nodes { unread messages(first: 1) { nodes {
  direction status body createdAt timeline { status source }
} } } } }"""


async def _number(product: Product, tenant: TenantUnderTest) -> str:
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        return str(await tx.value("SELECT number FROM number WHERE tenant_id = $1", tenant.id))


def _record(number: str, text: str, at: datetime, *, sid: str, direction: str = "inbound") -> dict[str, str]:
    """A message as Twilio's log has it."""
    when = format_datetime(at)
    return {
        "sid": sid,
        "to": number,
        "from": PERSON,
        "body": text,
        "status": "received",
        "direction": direction,
        "num_media": "0",
        "num_segments": "1",
        "date_created": when,
        "date_updated": when,
        "date_sent": when,
    }


async def _received(product: Product, tenant: TenantUnderTest) -> list[Any]:
    return [row for row in await messages(product, tenant) if row["direction"] == "INBOUND"]


async def test_a_message_that_was_missed_is_received_by_the_next_sweep_and_once(product: Product, gate: Gate) -> None:
    tenant = await product.tenant()
    sweep, number = sweeper(product), await _number(product, tenant)
    assert await sweep.sweep_due() == Swept()
    written_at = product.clock.now().replace(microsecond=0)
    gate.written[tenant.account_sid] = [
        _record(number, "Is my bike ready?", written_at, sid="SM1"),
        _record(number, "Yes", written_at, sid="SM0", direction="outbound-api"),
    ]
    product.clock.advance(READ_EVERY - timedelta(seconds=1))
    assert await sweep.sweep_due() == Swept()
    product.clock.advance(timedelta(seconds=1))
    assert await sweep.sweep_due() == Swept(received=1)
    assert await last_sweep(product, tenant.id) == (product.clock.now(), 0, 1)
    (conversation,) = (await tenant.machine.run(RECEIVED))["conversations"]["nodes"]
    assert conversation["unread"] == 1
    assert conversation["messages"]["nodes"] == [
        {
            "direction": "INBOUND",
            "status": "RECEIVED",
            "body": "Is my bike ready?",
            "createdAt": written_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "timeline": [{"status": "RECEIVED", "source": "SWEEP"}],
        }
    ]
    product.clock.advance(READ_EVERY)
    assert await sweep.sweep_due() == Swept()  # the readings overlap
    assert len(await _received(product, tenant)) == 1


async def test_a_missed_stop_takes_effect_and_a_start_after_it_too(product: Product, gate: Gate) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, [PERSON])
    sweep, number = sweeper(product), await _number(product, tenant)
    now = product.clock.now()
    stop = _record(number, "Stop", now, sid="SM1")
    start = _record(number, "START", now + timedelta(minutes=6), sid="SM2")
    gate.written[tenant.account_sid] = [stop]
    product.clock.advance(READ_EVERY)
    assert await sweep.sweep_due() == Swept(received=1)
    refused = await send(tenant.machine, contacts)
    assert refused["batch"]["refusals"]["nodes"] == [{"code": "OPTED_OUT"}]
    product.clock.advance(READ_EVERY)
    gate.written[tenant.account_sid] = [start, stop]
    assert (await sweep.sweep_due()).received == 1
    assert (await send(tenant.machine, contacts, key="again"))["batch"]["accepted"] == 1


async def test_a_callback_and_the_sweep_make_one_message_of_one(
    product: Product, gate: Gate, address: DatabaseAddress
) -> None:
    tenant = await product.tenant()
    number = await _number(product, tenant)
    now = product.clock.now()
    texts = [_record(number, f"Text {place}", now, sid=f"SM{place}") for place in range(20)]
    gate.written[tenant.account_sid] = texts
    product.clock.advance(READ_EVERY)
    inbox = CallbackInbox(product.database, product.clock)

    async def call_back(one: dict[str, str]) -> None:
        fields = {"MessageSid": one["sid"], "From": one["from"], "To": one["to"], "Body": one["body"]}
        await inbox.receive(ReceivedCallback(tenant.id, CallbackKind.MESSAGE_RECEIVED, fields))

    other = await Database.connect(address, pool_size=2)
    try:
        await asyncio.gather(
            *(call_back(one) for one in texts),
            *(product.apply_callbacks() for _ in range(4)),
            *(sweeper(product, pool).sweep_due() for pool in (product.database, other)),
        )
    finally:
        await other.close()
    while await product.apply_callbacks():
        pass
    assert sorted(row["provider_reference"] for row in await _received(product, tenant)) == sorted(
        one["sid"] for one in texts
    )


@pytest.mark.parametrize(
    ("age", "received"), [(LOOK_BACK - timedelta(hours=1), 1), (LOOK_BACK + timedelta(hours=1), 0)]
)
async def test_the_first_sweep_of_a_tenant_looks_back_for_a_day(
    age: timedelta, received: int, product: Product, gate: Gate
) -> None:
    tenant = await product.tenant()
    written_at = product.clock.now()
    gate.written[tenant.account_sid] = [_record(await _number(product, tenant), "Hello", written_at, sid="SM1")]
    product.clock.advance(age)
    assert await sweeper(product).sweep_due() == Swept(received=received)


async def test_a_log_that_cannot_be_read_is_read_later_from_where_it_was_left(product: Product, gate: Gate) -> None:
    tenant, other = await product.tenant(), await product.tenant()
    sweep = sweeper(product)
    await sweep.sweep_due()
    for one in (tenant, other):
        record = _record(await _number(product, one), "Hello", product.clock.now(), sid="SM1")
        gate.written[one.account_sid] = [record]
    gate.unanswered[tenant.account_sid] = 503
    product.clock.advance(READ_EVERY)
    done = await sweep.sweep_due()
    assert (done.received, done.problem) == (1, "what it received could not be read")
    assert await _received(product, tenant) == []
    gate.unanswered.clear()
    product.clock.advance(timedelta(hours=1))
    assert await sweep.sweep_due() == Swept(received=1)
    assert len(await _received(product, tenant)) == 1


async def test_a_text_that_no_database_takes_stops_neither_the_other_messages_nor_the_next_sweeps(
    product: Product, gate: Gate
) -> None:
    tenant = await product.tenant()
    sweep, number, at = sweeper(product), await _number(product, tenant), product.clock.now().replace(microsecond=0)
    gate.written[tenant.account_sid] = [
        _record(number, "half \ud83d of a smiley", at, sid="SM3"),
        _record(number, "nothing\0at all", at, sid="SM2"),
        _record(number, "Hello", at, sid="SM1"),
    ]
    product.clock.advance(READ_EVERY)
    assert await sweep.sweep_due() == Swept(received=3)
    assert {row["body"] for row in await _received(product, tenant)} == {
        "half \N{REPLACEMENT CHARACTER} of a smiley",
        "nothing\N{REPLACEMENT CHARACTER}at all",
        "Hello",
    }
    assert await last_sweep(product, tenant.id) == (product.clock.now(), 0, 3)
