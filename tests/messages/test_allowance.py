"""The allowance: exact whoever sends at once, and its ledger adds up whatever becomes of the messages."""

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from auth.permissions import machine_permissions
from portal.clock import new_id
from portal.database import DatabaseRole
from portal.messages.status import FINAL, MessageStatus
from tests.messages.traffic import (
    ALLOWANCE,
    Books,
    add_contacts,
    at_the_provider,
    balanced_books,
    cancel,
    deaf_dispatcher,
    messages,
    plain_numbers,
    send,
    send_at_once,
    statuses,
)
from tests.product import Product, TenantUnderTest
from tests.waiting import until

TABLES = ("message_batch", "message_refusal", "idempotency_key", "message", "message_event", "allowance_balance")


async def _all_final(product: Product, tenant: TenantUnderTest) -> bool:
    await product.apply_callbacks()
    return FINAL.issuperset(await statuses(product, tenant))


async def _rows_in(product: Product, tenant: TenantUnderTest, *tables: str) -> dict[str, int]:
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        return {table: await tx.value(f"SELECT count(*) FROM {table}") for table in tables}  # noqa: S608  named above


async def test_gq_11_a_hundred_senders_at_once_get_exactly_what_there_is(product: Product) -> None:
    tenant = await product.tenant(allowance=50)
    contacts = await add_contacts(product, tenant, plain_numbers(100))
    answers = await send_at_once(tenant.machine, [(f"send {n}", [contact]) for n, contact in enumerate(contacts)])
    assert all(answer["errors"] == [] for answer in answers)
    assert sum(answer["batch"]["accepted"] for answer in answers) == 50
    refused = [answer["batch"]["refusals"]["nodes"] for answer in answers if not answer["batch"]["accepted"]]
    assert refused == [[{"code": "ALLOWANCE_EXHAUSTED"}]] * 50
    assert sorted(answer["allowance"]["remaining"] for answer in answers if answer["batch"]["accepted"]) == list(
        range(50)
    )
    assert len(await messages(product, tenant)) == 50
    assert await balanced_books(product, tenant) == Books(used=0, reserved=50)


async def test_gq_11_sends_to_many_at_once_share_the_allowance_to_the_last_unit(product: Product) -> None:
    tenant = await product.tenant(allowance=50)
    contacts = await add_contacts(product, tenant, plain_numbers(7))
    answers = await send_at_once(tenant.machine, [(f"send {index}", contacts) for index in range(12)])
    assert sorted((answer["batch"]["accepted"] for answer in answers), reverse=True) == [7] * 7 + [1] + [0] * 4
    assert await balanced_books(product, tenant) == Books(used=0, reserved=50)


async def test_tn_15_two_tenants_on_one_plan_do_not_share_its_allowance(product: Product) -> None:
    falcon, freestyle = await product.tenant(allowance=3), await product.tenant(allowance=3)
    theirs = await add_contacts(product, falcon, plain_numbers(3))
    own = await add_contacts(product, freestyle, plain_numbers(3))
    assert (await send(falcon.machine, theirs))["allowance"]["remaining"] == 0
    answer = await send(freestyle.machine, own)
    assert answer["allowance"] == {"used": 0, "reserved": 3, "remaining": 0}


# Delivered, undelivered, failed, refused at once, refused as opted out, throttled, broken before and after, cut, twice.
MIX = ("00", "03", "08", "11", "10", "29", "50", "51", "60", "71", "72", "73", "80")


@pytest.mark.parametrize("seed", range(3))
async def test_the_ledger_adds_up_after_any_mix_of_sends_cancellations_and_outcomes(
    product: Product, seed: int
) -> None:
    chance = random.Random(seed)
    tenant = await product.tenant(allowance=40)
    contacts = await add_contacts(product, tenant, [f"+120255501{end}" for end in MIX] + plain_numbers(20))
    batches: list[str] = []

    async def accept() -> None:
        asked = chance.sample(contacts, chance.randint(1, 12))
        answer = await send(tenant.machine, asked, key=f"send {len(batches)}")
        batches.append(answer["batch"]["id"])

    async def take_back() -> None:
        if batches:
            await cancel(tenant.machine, chance.choice(batches))

    async def pass_time() -> None:
        product.clock.advance(timedelta(seconds=chance.choice([1, 6, 70])))

    steps = [accept, accept, take_back, pass_time, product.dispatcher.run_once, product.apply_callbacks]
    for step in chance.choices(steps, k=25):
        await step()
        books = await balanced_books(product, tenant)
        assert books.used + books.reserved <= 40


async def test_what_is_canceled_is_given_back_and_can_be_sent_again(product: Product) -> None:
    tenant = await product.tenant(allowance=5)
    contacts = await add_contacts(product, tenant, plain_numbers(5))
    sent = await send(tenant.machine, contacts)
    assert (await send(tenant.machine, contacts[:1], key="too many"))["batch"]["accepted"] == 0
    answer = await cancel(tenant.machine, sent["batch"]["id"])
    assert answer == {"canceled": 5, "allowance": {"used": 0, "reserved": 0, "remaining": 5}, "errors": []}
    assert (await send(tenant.machine, contacts, key="again"))["batch"]["accepted"] == 5
    assert await balanced_books(product, tenant) == Books(used=0, reserved=5)


async def test_canceling_twice_gives_back_once(product: Product) -> None:
    tenant = await product.tenant(allowance=5)
    contacts = await add_contacts(product, tenant, plain_numbers(3))
    sent = await send(tenant.machine, contacts)
    answers = await asyncio.gather(*(cancel(tenant.machine, sent["batch"]["id"]) for _ in range(5)))
    assert sorted(answer["canceled"] for answer in answers) == [0, 0, 0, 0, 3]
    assert Counter(error["code"] for answer in answers for error in answer["errors"]) == {"TOO_LATE": 4}
    assert await balanced_books(product, tenant) == Books(used=0, reserved=0)


async def test_what_left_and_failed_is_used_and_what_never_left_is_given_back(product: Product) -> None:
    tenant = await product.tenant(allowance=10)
    contacts = await add_contacts(product, tenant, ["+12025550103", "+12025550108", "+12025550110", "+12025550111"])
    await send(tenant.machine, contacts)
    await product.dispatcher.run_once()
    await until(lambda: _all_final(product, tenant))
    assert await balanced_books(product, tenant) == Books(used=2, reserved=0)
    assert len(await at_the_provider(product, tenant)) == 2


async def test_nothing_is_written_where_one_is_refused_and_none_shall_be_sent(product: Product) -> None:
    tenant = await product.tenant(allowance=3)
    contacts = await add_contacts(product, tenant, plain_numbers(4))
    answer = await send(tenant.machine, contacts, onRefusal="SEND_NONE")
    assert answer["batch"] is None
    assert answer["errors"] == [{"code": "RECIPIENTS_REFUSED", "path": ["input", "recipients", "contactIds", "3"]}]
    assert await _rows_in(product, tenant, *TABLES) == dict.fromkeys(TABLES, 0)
    # The key is free, for another request too.
    answer = await send(tenant.machine, contacts[:3], onRefusal="SEND_NONE")
    assert (answer["batch"]["accepted"], answer["idempotentReplay"]) == (3, False)


async def test_the_estimate_writes_nothing_and_says_what_the_send_then_does(product: Product) -> None:
    tenant = await product.tenant(allowance=3)
    contacts = await add_contacts(product, tenant, plain_numbers(4))
    asked = {"recipients": {"contactIds": contacts}, "body": "Hello"}
    query = """query ($input: MessageEstimateInput!) {
      messageEstimate(input: $input) { recipients refusals { code count } allowanceAfter { remaining } } }"""
    estimate = (await tenant.machine.run(query, input=asked))["messageEstimate"]
    assert estimate == {
        "recipients": 3,
        "refusals": [{"code": "ALLOWANCE_EXHAUSTED", "count": 1}],
        "allowanceAfter": {"remaining": 0},
    }
    assert await _rows_in(product, tenant, *TABLES) == dict.fromkeys(TABLES, 0)
    answer = await send(tenant.machine, contacts)
    assert (answer["batch"]["accepted"], answer["allowance"]["remaining"]) == (3, 0)


async def test_at_midnight_utc_the_allowance_is_whole_again_and_yesterdays_messages_count_for_yesterday(
    product: Product,
) -> None:
    tomorrow = product.clock.now().date() + timedelta(days=1)
    midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=UTC)
    tenant = await product.tenant(allowance=5)
    contacts = await add_contacts(product, tenant, plain_numbers(5))
    product.clock.turn_to(midnight - timedelta(microseconds=1))
    tenant.machine = await product.machine(tenant.id, machine_permissions())
    await send(tenant.machine, contacts)
    data = await tenant.machine.run(ALLOWANCE)
    assert (data["allowance"]["remaining"], data["allowance"]["resetsAt"][:19]) == (0, f"{tomorrow}T00:00:00")
    product.clock.turn_to(midnight)
    assert (await tenant.machine.run(ALLOWANCE))["allowance"]["remaining"] == 5
    await send(tenant.machine, contacts[:2], key="today")
    await product.dispatcher.run_once()
    assert (await tenant.machine.run(ALLOWANCE))["allowance"] == {
        "limit": 5,
        "used": 2,
        "reserved": 0,
        "remaining": 3,
        "resetsAt": f"{tomorrow + timedelta(days=1)}T00:00:00.000Z",
    }
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        rows = await tx.rows("SELECT used, reserved FROM allowance_balance ORDER BY period_start")
    assert [tuple(row) for row in rows] == [(5, 0), (2, 0)]
    assert await balanced_books(product, tenant) == Books(used=7, reserved=0)


async def test_a_plan_without_a_limit_refuses_nobody_and_still_counts(product: Product) -> None:
    tenant = await product.tenant(allowance=None)
    contacts = await add_contacts(product, tenant, plain_numbers(300))
    answer = await send(tenant.machine, contacts)
    assert answer["batch"]["accepted"] == 300
    assert answer["allowance"] == {"used": 0, "reserved": 300, "remaining": None}
    assert await balanced_books(product, tenant) == Books(used=0, reserved=300)


async def _change_plan(product: Product, tenant: TenantUnderTest, amount: int, unit: str) -> None:
    plan_id, now = new_id(product.clock.now()), product.clock.now()
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute(
            "INSERT INTO plan (id, name, version, state, allowance_amount, allowance_unit, allowance_per, at_limit, "
            "throughput, created_at) VALUES ($1, $2, 1, 'PUBLISHED', $3, $4, 'DAY', 'STOP', 1000, $5)",
            plan_id,
            f"{amount} {unit}",
            amount,
            unit,
            now,
        )
        await tx.execute("UPDATE tenant_plan SET plan_id = $2 WHERE tenant_id = $1", tenant.id, plan_id)


async def test_segments_are_what_a_plan_of_segments_counts(product: Product) -> None:
    tenant = await product.tenant()
    await _change_plan(product, tenant, 5, "SEGMENTS")
    contacts = await add_contacts(product, tenant, plain_numbers(3))
    answer = await send(tenant.machine, contacts, body="x" * 161)
    assert (answer["batch"]["accepted"], answer["allowance"]["remaining"]) == (2, 1)
    answer = await send(tenant.machine, contacts[2:], body="short", key="short")
    assert (answer["batch"]["accepted"], answer["allowance"]["remaining"]) == (1, 0)
    await product.dispatcher.run_once()
    allowance = (await tenant.machine.run(ALLOWANCE))["allowance"]
    assert (allowance["used"], allowance["reserved"]) == (5, 0)


async def test_a_smaller_plan_in_mid_period_keeps_what_is_used_and_leaves_nothing_below_none(product: Product) -> None:
    tenant = await product.tenant(allowance=10)
    contacts = await add_contacts(product, tenant, plain_numbers(8))
    await send(tenant.machine, contacts)
    await product.dispatcher.run_once()
    await _change_plan(product, tenant, 5, "MESSAGES")
    allowance = (await tenant.machine.run(ALLOWANCE))["allowance"]
    assert (allowance["limit"], allowance["used"], allowance["remaining"]) == (5, 8, 0)
    assert (await send(tenant.machine, contacts[:1], key="more"))["batch"]["accepted"] == 0


async def test_a_message_that_is_being_confirmed_keeps_its_reservation(product: Product) -> None:
    tenant = await product.tenant(allowance=10)
    (contact,) = await add_contacts(product, tenant, ["+12025550160"])
    await send(tenant.machine, [contact])
    await deaf_dispatcher(product).run_once()
    assert await statuses(product, tenant) == [MessageStatus.CONFIRMING]
    assert await balanced_books(product, tenant) == Books(used=0, reserved=1)
