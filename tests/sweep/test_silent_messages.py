"""Messages of which nothing is heard: asked about later and later, in few requests, and then no more."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from portal.callbacks.inbox import CallbackInbox, CallbackKind, ReceivedCallback
from portal.database import Database
from portal.database.address import DatabaseAddress
from portal.messages.issues import DeliveryIssueCode
from portal.messages.reading import read_messages_by_id
from portal.messages.silence import FIRST_PAUSE, GIVEN_UP_AFTER
from portal.messages.status import MessageStatus
from portal.messages.sweeping import FEW
from portal.sweep.sweeper import Swept
from tests.messages.gate import Gate, Way
from tests.messages.traffic import (
    Books,
    add_contacts,
    at_the_provider,
    balanced_books,
    deaf_dispatcher,
    messages,
    plain_numbers,
    send,
    statuses,
    timeline,
)
from tests.product import Product, TenantUnderTest
from tests.sweep.sweeping import asked, final_at_the_provider, last_sweep, sweeper, unheard

_Status = MessageStatus
UNHEARD = "+12025550173"  # delivered, no callback ever
QUEUED = "+12025550180"  # stays in the provider's queue
MOMENT = timedelta(milliseconds=1)
TIMELINE = "{ messages { nodes { outcomePending timeline { status at heardAt source } } } }"


async def _call_back(product: Product, tenant: TenantUnderTest, row: Any, status: str, **more: str) -> None:
    """Into the inbox, as the webhook does it."""
    fields = {"MessageSid": row["provider_reference"], "MessageStatus": status} | more
    inbox = CallbackInbox(product.database, product.clock)
    await inbox.receive(ReceivedCallback(tenant.id, CallbackKind.MESSAGE_STATUS, fields, row["id"]))


async def _outcome_pending(product: Product, tenant: TenantUnderTest, message_id: UUID) -> bool:
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        return (await read_messages_by_id(tx, [message_id]))[message_id].outcome_pending


async def test_a_message_that_is_never_called_back_about_is_delivered_by_the_sweep(product: Product) -> None:
    tenant = await product.tenant()
    await send(tenant.machine, await add_contacts(product, tenant, [UNHEARD]))
    handed_over = product.clock.now()
    await product.dispatcher.run_once()
    await final_at_the_provider(product, tenant)
    assert await product.apply_callbacks() == 0
    sweep = sweeper(product)
    product.clock.advance(FIRST_PAUSE - MOMENT)
    assert await sweep.sweep_due() == Swept()
    assert await statuses(product, tenant) == [_Status.SENDING]
    product.clock.advance(MOMENT)
    assert await sweep.sweep_due() == Swept(asked=1, repaired=1)
    (row,) = await messages(product, tenant)
    assert (row["status"], row["issue"], row["ask_at"], row["asked"]) == (_Status.DELIVERED, None, None, 1)
    (told,) = (await tenant.machine.run(TIMELINE))["messages"]["nodes"]
    events = [(event["status"], event["source"]) for event in told["timeline"]]
    assert events == [("QUEUED", "PORTAL"), ("SENDING", "PROVIDER_ANSWER"), ("DELIVERED", "SWEEP")]
    assert told["outcomePending"] is False
    # When the provider says that it happened, and when it was heard.
    last = {name: datetime.fromisoformat(told["timeline"][-1][name]) for name in ("at", "heardAt")}
    assert abs(last["at"] - handed_over) < timedelta(minutes=1)
    assert last["heardAt"] - handed_over.replace(microsecond=0) >= FIRST_PAUSE
    assert await last_sweep(product, tenant.id) == (product.clock.now(), 1, 0)
    assert await balanced_books(product, tenant) == Books(used=1, reserved=0)
    product.clock.advance(timedelta(days=1))
    assert await sweep.sweep_due() == Swept()


@pytest.mark.parametrize(
    ("number", "status", "issue"),
    [
        ("+12025550103", _Status.UNDELIVERED, DeliveryIssueCode.UNREACHABLE),
        ("+12025550107", _Status.UNDELIVERED, DeliveryIssueCode.FILTERED),
        ("+12025550108", _Status.FAILED, DeliveryIssueCode.UNKNOWN),
    ],
)
async def test_a_bad_end_that_nobody_told_of_is_found_with_its_reason(
    number: str, status: MessageStatus, issue: DeliveryIssueCode, product: Product
) -> None:
    tenant = await product.tenant()
    await unheard(product, tenant, [number])
    product.clock.advance(FIRST_PAUSE)
    assert await sweeper(product).sweep_due() == Swept(asked=1, repaired=1)
    (row,) = await messages(product, tenant)
    assert (row["status"], row["issue"]) == (status, issue)
    assert await balanced_books(product, tenant) == Books(used=1, reserved=0)


async def test_what_stays_silent_is_asked_about_later_and_later_and_after_four_days_no_more(
    product: Product, gate: Gate
) -> None:
    tenant = await product.tenant()
    await send(tenant.machine, await add_contacts(product, tenant, [QUEUED]))
    begin = product.clock.now()
    await deaf_dispatcher(product).run_once()
    (row,) = await messages(product, tenant)
    sweep = sweeper(product)
    pauses = []
    while (due := (await asked(product, tenant))[0][1]) is not None:
        assert await _outcome_pending(product, tenant, row["id"])
        pauses.append(due - product.clock.now())
        product.clock.turn_to(due - MOMENT)
        assert await sweep.sweep_due() == Swept()
        product.clock.turn_to(due)
        assert await sweep.sweep_due() == Swept(asked=1)
    assert pauses[:-1] == [FIRST_PAUSE * 2**number for number in range(11)]
    assert product.clock.now() == begin + GIVEN_UP_AFTER
    assert gate.questions[tenant.account_sid] == [f"Messages/{row['provider_reference']}.json"] * 12
    # Nobody told anything new, so that the timeline has nothing new, and the status stays.
    assert await statuses(product, tenant) == [_Status.SENDING]
    known = {("QUEUED", "PORTAL"), ("SENDING", "PROVIDER_ANSWER")}
    assert set(await timeline(product, tenant, row["id"])) == known
    assert not await _outcome_pending(product, tenant, row["id"])
    # A callback that comes even later is news as ever.
    await _call_back(product, tenant, row, "delivered")
    await product.apply_callbacks()
    assert await statuses(product, tenant) == [_Status.DELIVERED]


async def test_news_gives_a_message_time_again_and_its_repetition_does_not(product: Product) -> None:
    tenant = await product.tenant()
    await unheard(product, tenant, plain_numbers(1))
    (row,) = await messages(product, tenant)
    product.clock.advance(timedelta(minutes=1))
    due = product.clock.now() + FIRST_PAUSE
    for _ in range(2):
        await _call_back(product, tenant, row, "sent")
        await product.apply_callbacks()
        assert await asked(product, tenant) == [(0, due)]
        product.clock.advance(timedelta(seconds=30))
    product.clock.advance(timedelta(seconds=30))
    assert product.clock.now() > row["ask_at"]
    assert await sweeper(product).sweep_due() == Swept()


async def test_many_are_asked_about_in_one_request(product: Product, gate: Gate) -> None:
    tenant = await product.tenant(allowance=None)
    await unheard(product, tenant, plain_numbers(120))
    product.clock.advance(FIRST_PAUSE)
    gate.questions[tenant.account_sid].clear()
    assert await sweeper(product).sweep_due() == Swept(asked=120, repaired=120)
    assert gate.questions[tenant.account_sid] == ["Messages.json"]
    assert await statuses(product, tenant) == [_Status.DELIVERED] * 120
    assert await balanced_books(product, tenant) == Books(used=120, reserved=0)


async def test_what_the_page_of_the_log_does_not_show_is_asked_about_in_turn_a_few_each_round(
    product: Product, gate: Gate
) -> None:
    tenant = await product.tenant(allowance=None)
    count = FEW * 2 + 5
    await unheard(product, tenant, plain_numbers(count))
    async with product.database.for_tenant(tenant.id) as tx:  # as if they had waited for a day in the provider's queue
        sql = "UPDATE message SET first_tried_at = first_tried_at - interval '1 day' WHERE tenant_id = $1"
        assert await tx.execute(sql, tenant.id) == count
    product.clock.advance(FIRST_PAUSE)
    sweep = sweeper(product)
    requests = []
    for expected in (FEW, FEW, 5):
        gate.questions[tenant.account_sid].clear()
        assert await sweep.sweep_due() == Swept(asked=expected, repaired=expected)
        requests.append(len(gate.questions[tenant.account_sid]))
    assert requests == [1 + FEW, 1 + FEW, 5]
    assert await sweep.sweep_due() == Swept()


@pytest.mark.parametrize("status", [500, 429])
async def test_a_provider_that_does_not_answer_one_tenant_stops_no_other_and_is_asked_again(
    status: int, product: Product, gate: Gate
) -> None:
    tenants = [await product.tenant(allowance=None) for _ in range(3)]
    for tenant in tenants:
        await unheard(product, tenant, plain_numbers(FEW + 1))
    product.clock.advance(FIRST_PAUSE)
    broken = tenants[1]
    gate.unanswered[broken.account_sid] = status
    sweep = sweeper(product)
    assert await sweep.sweep_due() == Swept(2 * (FEW + 1), 2 * (FEW + 1), unanswered=FEW)
    assert await sweep.sweep_due() == Swept(unanswered=1)
    assert await statuses(product, broken) == [_Status.SENDING] * (FEW + 1)
    assert {times for times, _ in await asked(product, broken)} == {0}
    gate.unanswered.clear()
    assert await sweep.sweep_due() == Swept()  # what was just asked about has its time
    product.clock.advance(FIRST_PAUSE)
    assert await sweep.sweep_due() == Swept(FEW + 1, FEW + 1)
    assert await statuses(product, broken) == [_Status.DELIVERED] * (FEW + 1)


async def test_a_message_that_the_provider_does_not_know_stays_as_it_is(product: Product) -> None:
    tenant = await product.tenant()
    await unheard(product, tenant, plain_numbers(1))
    async with product.database.for_tenant(tenant.id) as tx:
        await tx.execute("UPDATE message SET provider_reference = 'SM0' WHERE tenant_id = $1", tenant.id)
    product.clock.advance(FIRST_PAUSE)
    assert await sweeper(product).sweep_due() == Swept(asked=1)
    assert await statuses(product, tenant) == [_Status.SENDING]
    assert await asked(product, tenant) == [(1, product.clock.now() + FIRST_PAUSE * 2)]


async def test_a_message_that_was_found_in_the_provider_s_queue_after_a_lost_answer_is_asked_about_too(
    product: Product, gate: Gate
) -> None:
    tenant = await product.tenant()
    await send(tenant.machine, await add_contacts(product, tenant, [QUEUED]))
    gate.next(tenant.account_sid, Way.ANSWER_LOST)
    dispatcher = deaf_dispatcher(product)
    await dispatcher.run_once()
    product.clock.advance(timedelta(seconds=5))
    await dispatcher.run_once()
    (row,) = await messages(product, tenant)
    (made,) = await at_the_provider(product, tenant)
    assert (row["status"], row["provider_reference"]) == (_Status.CONFIRMING, made["sid"])
    assert (row["due_at"], row["ask_at"]) == (None, product.clock.now() + FIRST_PAUSE)


async def test_what_is_confirmed_or_waits_is_not_the_sweep_s_business(product: Product, gate: Gate) -> None:
    tenant = await product.tenant()
    await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(2)))
    gate.next(tenant.account_sid, Way.BROKEN, Way.THROTTLED)
    await deaf_dispatcher(product).run_once()
    assert set(await statuses(product, tenant)) == {_Status.CONFIRMING, _Status.QUEUED}
    product.clock.advance(timedelta(hours=1))
    assert await sweeper(product).sweep_due() == Swept()
    assert gate.questions[tenant.account_sid] == []


async def test_the_first_sweep_asks_about_what_was_handed_over_before_there_was_one(product: Product) -> None:
    tenant = await product.tenant()
    await unheard(product, tenant, plain_numbers(2))
    rows = await messages(product, tenant)
    async with product.database.for_tenant(tenant.id) as tx:  # as an older version of the portal left them
        await tx.execute("UPDATE message SET ask_at = NULL WHERE tenant_id = $1", tenant.id)
        sql = "UPDATE message SET first_tried_at = $3 WHERE tenant_id = $1 AND id = $2"
        await tx.execute(sql, tenant.id, rows[1]["id"], product.clock.now() - GIVEN_UP_AFTER)
    assert await sweeper(product).sweep_due() == Swept(asked=1, repaired=1)
    assert await statuses(product, tenant) == [_Status.DELIVERED, _Status.SENDING]


async def test_sweepers_side_by_side_ask_about_each_message_once(
    product: Product, gate: Gate, address: DatabaseAddress
) -> None:
    tenant = await product.tenant(allowance=None)
    await unheard(product, tenant, plain_numbers(FEW))
    product.clock.advance(FIRST_PAUSE)
    gate.questions[tenant.account_sid].clear()
    pools = [await Database.connect(address, pool_size=2) for _ in range(3)]
    try:
        done = await asyncio.gather(*(sweeper(product, pool).sweep_due() for pool in pools))
    finally:
        for pool in pools:
            await pool.close()
    assert sum(done, start=Swept()) == Swept(FEW, FEW)
    assert len(gate.questions[tenant.account_sid]) == len(set(gate.questions[tenant.account_sid])) == FEW


async def test_sweeping_while_callbacks_come_ends_as_the_provider_says_and_counts_once(product: Product) -> None:
    tenant = await product.tenant(allowance=None)
    await unheard(product, tenant, [*plain_numbers(30), "+12025550103", "+12025550107"])
    made = {one["sid"]: one for one in await at_the_provider(product, tenant)}
    product.clock.advance(FIRST_PAUSE)

    async def call_back(row: Any) -> None:
        told = made[row["provider_reference"]]
        await _call_back(product, tenant, row, "sent")
        await _call_back(product, tenant, row, told["status"], ErrorCode=str(told["error_code"] or ""))

    sweep = sweeper(product)
    await asyncio.gather(
        *(call_back(row) for row in await messages(product, tenant)),
        *(product.apply_callbacks() for _ in range(8)),
        *(sweep.sweep_due() for _ in range(2)),
    )
    while await product.apply_callbacks():
        pass
    rows = await messages(product, tenant)
    assert [row["status"].lower() for row in rows] == [made[row["provider_reference"]]["status"] for row in rows]
    assert sorted(row["issue"] for row in rows if row["issue"]) == ["FILTERED", "UNREACHABLE"]
    assert {row["ask_at"] for row in rows} == {None}
    assert await balanced_books(product, tenant) == Books(used=32, reserved=0)


async def test_silent_messages_are_found_by_an_index_of_their_own(
    product: Product, superuser: DatabaseAddress, address: DatabaseAddress
) -> None:
    tenant = await product.tenant(allowance=None)
    await unheard(product, tenant, plain_numbers(5))
    connection = await asyncpg.connect(**superuser.to(database=address.database).credentials())
    try:
        await connection.execute("SET enable_seqscan = off")  # which is cheaper on five rows
        sql = "SELECT id FROM message WHERE tenant_id = $1 AND ask_at <= $2 ORDER BY ask_at, id LIMIT 1000"
        plan = await connection.fetch(f"EXPLAIN {sql}", tenant.id, product.clock.now())
    finally:
        await connection.close()
    scans = [row[0] for row in plan if "Scan" in row[0]]
    assert scans
    assert [scan for scan in scans if "tenant_id_ask_at_idx" not in scan] == []
