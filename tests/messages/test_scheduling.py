"""What is scheduled: nothing is taken before its time, everything is asked again then, and until then it can change."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from auth.permissions import TenantRole
from portal.clock import written
from portal.messages.firing import Firing, fire
from portal.messages.scheduling import LONGEST_AHEAD
from tests.messages.traffic import (
    Books,
    add_contacts,
    at_the_provider,
    balanced_books,
    cancel,
    message_key,
    messages,
    plain_numbers,
    send,
    timeline,
)
from tests.product import Product, TenantUnderTest

IN_TEN_MINUTES = timedelta(minutes=10)
PACIFIC = ZoneInfo("America/Los_Angeles")
RESCHEDULE = """mutation ($id: ID!, $sendAt: DateTime!) {
  messageReschedule(id: $id, sendAt: $sendAt) {
    rescheduled message { status scheduledAt } batch { counts { status count } } errors { code path }
  }
}"""
BATCH = """query ($id: ID!) {
  node(id: $id) {
    ... on MessageBatch {
      counts { status count }
      messages(first: 10) { nodes { id status scheduledAt deliveryIssue { code } } }
    }
  }
}"""
QUIET = """mutation ($input: SettingsUpdateInput!) {
  settingsUpdate(input: $input) { settings { quietHours { from until } } errors { code path } }
}"""


async def _batch(tenant: TenantUnderTest, answer: Any) -> Any:
    assert answer["errors"] == []
    return (await tenant.machine.run(BATCH, id=answer["batch"]["id"]))["node"]


async def _fire(product: Product) -> int:
    return await Firing(product.database, product.clock).fire_due()


async def _reschedule(tenant: TenantUnderTest, global_id: str, at: datetime) -> Any:
    return (await tenant.machine.run(RESCHEDULE, id=global_id, sendAt=written(at)))["messageReschedule"]


async def _later(product: Product) -> str:
    return written(product.clock.now() + IN_TEN_MINUTES)


async def test_a_scheduled_send_takes_nothing_before_its_time_and_what_there_is_then_in_its_order(
    product: Product,
) -> None:
    tenant = await product.tenant(allowance=2)
    contacts = await add_contacts(product, tenant, plain_numbers(3))
    at = await _later(product)
    answer = await send(tenant.machine, contacts, sendAt=at)
    assert answer["allowance"] == {"used": 0, "reserved": 0, "remaining": 2}
    waiting = (await _batch(tenant, answer))["messages"]["nodes"]
    assert {(one["status"], one["scheduledAt"]) for one in waiting} == {("SCHEDULED", at)}
    assert (await send(tenant.machine, contacts, sendAt=at))["idempotentReplay"]
    assert await _fire(product) == await product.dispatcher.run_once() == 0

    product.clock.advance(IN_TEN_MINUTES)
    assert [await _fire(product) for _ in range(2)] == [3, 0]
    fired = (await _batch(tenant, answer))["messages"]["nodes"]
    assert [(one["id"], one["status"], one["deliveryIssue"]) for one in fired] == [
        (waiting[0]["id"], "QUEUED", None),
        (waiting[1]["id"], "QUEUED", None),
        (waiting[2]["id"], "FAILED", {"code": "ALLOWANCE_EXHAUSTED"}),
    ]
    assert await balanced_books(product, tenant) == Books(used=0, reserved=2)
    await product.dispatcher.run_once()
    assert len(await at_the_provider(product, tenant)) == 2
    assert await balanced_books(product, tenant) == Books(used=2, reserved=0)
    told = [status for status, _ in await timeline(product, tenant, message_key(waiting[0]["id"]))]
    assert {"SCHEDULED", "QUEUED"} < set(told)
    alerts = (await tenant.machine.run("{ alerts(first: 5) { nodes { title count } } }"))["alerts"]["nodes"]
    assert {"title": "Scheduled messages were not sent: the allowance was used up.", "count": 1} in alerts
    assert (await send(tenant.machine, contacts, sendAt=at))["idempotentReplay"]  # though its time is past


async def test_a_scheduled_send_can_be_put_off_and_canceled_until_it_fires(product: Product) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, plain_numbers(3))
    start = product.clock.now()
    answer = await send(tenant.machine, contacts, sendAt=written(start + IN_TEN_MINUTES))
    batch = answer["batch"]["id"]
    first, second, _ = [one["id"] for one in (await _batch(tenant, answer))["messages"]["nodes"]]
    for wrong, code in ((start - timedelta(seconds=1), "INVALID_TIME"), (start + LONGEST_AHEAD * 2, "INVALID_TIME")):
        refused = await _reschedule(tenant, batch, wrong)
        assert (refused["rescheduled"], refused["errors"]) == (0, [{"code": code, "path": ["sendAt"]}])
        sent = await send(tenant.machine, contacts, key="wrong", sendAt=written(wrong))
        assert (sent["batch"], sent["errors"]) == (None, [{"code": code, "path": ["input", "sendAt"]}])
    assert (await cancel(tenant.machine, second))["canceled"] == 1
    later = start + IN_TEN_MINUTES * 2
    assert (await _reschedule(tenant, batch, later))["rescheduled"] == 2
    assert (await _reschedule(tenant, first, start + timedelta(minutes=5)))["message"] == {
        "status": "SCHEDULED",
        "scheduledAt": written(start + timedelta(minutes=5)),
    }
    product.clock.advance(IN_TEN_MINUTES)
    assert await _fire(product) == 1
    late = await _reschedule(tenant, first, later)
    assert (late["message"], late["errors"]) == (None, [{"code": "TOO_LATE", "path": ["id"]}])
    assert (await _reschedule(tenant, batch, later + IN_TEN_MINUTES))["rescheduled"] == 1
    counts = (await _batch(tenant, answer))["counts"]
    assert counts == [{"status": status, "count": 1} for status in ("SCHEDULED", "QUEUED", "CANCELED")]
    assert (await cancel(tenant.machine, batch))["canceled"] == 2
    product.clock.advance(timedelta(hours=1))
    assert await _fire(product) == 0
    assert await balanced_books(product, tenant) == Books(used=0, reserved=0)


async def test_a_message_in_quiet_hours_waits_for_their_end_where_its_recipient_is(product: Product) -> None:
    now = product.clock.now().replace(minute=55, second=0, microsecond=0)
    product.clock.turn_to(now)
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    for wrong, path in (("9:00", "from"), ("24:00", "from"), ("21:00", "until")):
        refused = (await owner.run(QUIET, input={"quietHours": {"from": wrong, "until": "21:00"}}))["settingsUpdate"]
        assert refused["errors"] == [{"code": "INVALID", "path": ["input", "quietHours", path]}]
    local = now.astimezone(PACIFIC)
    hour = local + timedelta(minutes=5)
    quiet = {"from": f"{local:%H}:50", "until": f"{hour:%H}:00"}
    assert (await owner.run(QUIET, input={"quietHours": quiet}))["settingsUpdate"]["settings"] == {"quietHours": quiet}
    # In Los Angeles, and in New York, where it is three hours later.
    contacts = await add_contacts(product, tenant, ["+12135550001", "+12125550001"])
    answer = await send(tenant.machine, contacts)
    end = now + timedelta(minutes=5)
    waits, goes = (await _batch(tenant, answer))["messages"]["nodes"]
    assert (waits["status"], waits["scheduledAt"]) == ("SCHEDULED", written(end))
    assert (goes["status"], goes["scheduledAt"]) == ("QUEUED", None)
    assert answer["allowance"]["reserved"] == 1
    urgent = await send(tenant.machine, contacts[:1], key="urgent", respectQuietHours=False)
    assert (await _batch(tenant, urgent))["counts"] == [{"status": "QUEUED", "count": 1}]
    longer = quiet | {"until": f"{hour:%H}:03"}
    await owner.run(QUIET, input={"quietHours": longer})
    product.clock.turn_to(end)
    assert await _fire(product) == 1  # which finds that it is quiet still
    waits, _ = (await _batch(tenant, answer))["messages"]["nodes"]
    assert (waits["status"], waits["scheduledAt"]) == ("SCHEDULED", written(end + timedelta(minutes=3)))
    always = {"from": f"{local:%H}:01", "until": f"{local:%H}:00"}
    await owner.run(QUIET, input={"quietHours": always})
    never = await send(tenant.machine, await add_contacts(product, tenant, ["+18005550123"]), key="never")
    assert never["batch"]["refusals"]["nodes"] == [{"code": "QUIET_HOURS"}]
    off = await _reschedule(tenant, waits["id"], product.clock.now())
    assert off["errors"] == []  # for one minute a day there is time


async def test_firing_canceling_and_putting_off_at_once_leave_each_message_in_one_place(product: Product) -> None:
    tenant = await product.tenant(allowance=12)
    batches = []
    for number in range(3):
        contacts = await add_contacts(product, tenant, plain_numbers(30)[number * 10 : number * 10 + 10])
        batches.append(await send(tenant.machine, contacts, key=f"{number}", sendAt=await _later(product)))
    product.clock.advance(IN_TEN_MINUTES)
    now = product.clock.now()

    async def fire_some() -> None:
        for _ in range(3):
            async with product.database.for_tenant(tenant.id) as tx:
                await fire(tx, now=now, at_most=4)

    asked = [one["batch"]["id"] for one in batches]
    await asyncio.gather(
        *(fire_some() for _ in range(4)),
        cancel(tenant.machine, asked[0]),
        cancel(tenant.machine, asked[1]),
        _reschedule(tenant, asked[1], now + IN_TEN_MINUTES),
        _reschedule(tenant, asked[2], now + IN_TEN_MINUTES),
    )
    product.clock.advance(IN_TEN_MINUTES)
    while await _fire(product):
        pass
    found = await messages(product, tenant)
    statuses = Counter(one["status"] for one in found)
    assert set(statuses) <= {"QUEUED", "CANCELED", "FAILED"}
    assert sum(statuses.values()) == 30
    assert statuses["QUEUED"] <= 12
    assert {one["status"] for one in found if one["reserved_units"]} <= {"QUEUED"}
    assert await balanced_books(product, tenant) == Books(used=0, reserved=statuses["QUEUED"])
