"""Two stories: a form that is abused to pump messages is stopped soon, and an honest campaign never is."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from auth.permissions import StaffRole, TenantRole
from portal.clock import written
from portal.messages.firing import Firing
from portal.rates.cards import RateCard, read_current_card
from portal.shield.areas import TrafficKind
from portal.shield.screening import Destination, open_shield
from portal_schema.nodes import to_global
from tests.messages.traffic import messages
from tests.plans.given import give_card
from tests.product import Caller, Product

SEND = """mutation ($input: MessageSendInput!) {
  messageSend(input: $input) {
    batch { accepted refusals(first: 100) { nodes { code } } } errors { code path message }
  }
}"""
PAUSES = """query ($released: Boolean) {
  trafficPauses(released: $released) {
    id kind country prefix reason refused pausedAt releasedAt releasedBy graceUntil lossAvoided { amount currency }
  }
}"""
OF_TENANT = """query ($id: ID!) {
  tenant(id: $id) { trafficPauses { prefix refused lossAvoided { amount } costAvoided { amount currency } } }
}"""
RELEASE = "mutation ($id: ID!) { trafficPauseRelease(id: $id) { trafficPause { graceUntil } errors { code path } } }"
# To Latvia a segment costs 0.2 here: after 20 to neighbours it looks pumped.


async def _send(caller: Caller, numbers: list[str], key: str) -> Any:
    given = {"recipients": {"numbers": numbers}, "body": "Your code is 4711.", "idempotencyKey": key}
    answer = (await caller.run(SEND, input=given))["messageSend"]
    assert answer["errors"] == []
    return answer["batch"]


async def test_a_pumped_form_is_stopped_told_of_and_goes_on_when_it_is_released(product: Product) -> None:
    await give_card(product, LV="0.2", US="0.0083")
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    numbers = [f"+3712{number:07d}" for number in range(1, 61)]
    accepted = [(await _send(tenant.machine, [number], number))["accepted"] for number in numbers[:15]]
    assert accepted == [1] * 15
    batch = await _send(tenant.machine, numbers[15:40], "the rest at once")
    assert batch["accepted"] == 5
    assert batch["refusals"]["nodes"] == [{"code": "PAUSED"}] * 20
    assert len(await messages(product, tenant)) == 20
    (pause,) = (await owner.run(PAUSES))["trafficPauses"]
    assert (pause["kind"], pause["country"], pause["prefix"]) == ("SMS", "LV", numbers[0][:8])
    assert (pause["reason"], pause["refused"]) == ("NEIGHBOURS", 20)
    (alert,) = (await owner.run("{ alerts { nodes { kind code count } } }"))["alerts"]["nodes"]
    assert alert == {"kind": "FRAUD", "code": "SMS", "count": 1}
    while await product.dispatcher.run_once():  # what had been accepted until then waits no more
        pass
    rows = await messages(product, tenant)
    assert {(row["status"], row["issue"], row["reserved_units"]) for row in rows} == {("CANCELED", "PAUSED", 0)}
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    seen = await operator.run(OF_TENANT, id=to_global("Tenant", tenant.id))
    assert seen["tenant"]["trafficPauses"] == [
        {
            "prefix": numbers[0][:8],
            "refused": 40,
            "lossAvoided": {"amount": "0"},
            "costAvoided": {"amount": "8.0", "currency": "USD"},
        }
    ]
    assert (await _send(tenant.machine, ["+12025550143"], "elsewhere"))["accepted"] == 1
    assert await tenant.machine.codes(RELEASE, id=pause["id"]) == ["FORBIDDEN"]  # a key that leaked releases nothing
    released = (await owner.run(RELEASE, id=pause["id"]))["trafficPauseRelease"]
    assert released["errors"] == []
    assert (await _send(tenant.machine, numbers[40:], "again"))["accepted"] == 20
    assert (await owner.run(PAUSES, released=False))["trafficPauses"] == []
    again = (await owner.run(RELEASE, id=pause["id"]))["trafficPauseRelease"]
    assert again["errors"] == [{"code": "RELEASED", "path": ["id"]}]
    log = (await owner.run("{ auditLog(first: 50) { nodes { action target } } }"))["auditLog"]["nodes"]
    assert log.count({"action": "trafficPauseRelease", "target": pause["id"]}) == 1


async def test_whoever_pumps_by_a_schedule_days_ahead_writes_to_strangers_all_the_same(product: Product) -> None:
    await give_card(product, LV="0.2")
    tenant = await product.tenant()
    numbers, later = [f"+3712{number:07d}" for number in range(1, 41)], timedelta(days=2)
    given = {"recipients": {"numbers": numbers}, "body": "Your code is 4711.", "idempotencyKey": "later"}
    given["sendAt"] = written(product.clock.now() + later)
    assert (await tenant.machine.run(SEND, input=given))["messageSend"]["batch"]["accepted"] == 40
    product.clock.advance(later)
    assert await Firing(product.database, product.clock).fire_due() == 40
    ended = Counter((row["status"], row["issue"]) for row in await messages(product, tenant))
    assert ended == {("QUEUED", None): 20, ("FAILED", "PAUSED"): 20}


async def test_what_is_read_changes_nothing_and_a_send_that_shall_be_whole_leaves_no_pause(product: Product) -> None:
    await give_card(product, LV="0.2")
    tenant = await product.tenant()
    numbers = [f"+3712{number:07d}" for number in range(1, 41)]
    estimate = """query ($input: MessageEstimateInput!) {
      messageEstimate(input: $input) { recipients refusals { code count } }
    }"""
    given = {"recipients": {"numbers": numbers}, "body": "Your code is 4711."}
    found = (await tenant.machine.run(estimate, input=given))["messageEstimate"]
    assert found == {"recipients": 20, "refusals": [{"code": "PAUSED", "count": 20}]}
    whole = given | {"idempotencyKey": "whole", "onRefusal": "SEND_NONE"}
    refused = (await tenant.machine.run(SEND, input=whole))["messageSend"]
    assert {one["code"] for one in refused["errors"]} == {"RECIPIENTS_REFUSED"}
    assert (await tenant.machine.run("{ trafficPauses { id } }"))["trafficPauses"] == []
    assert await messages(product, tenant) == []


async def _campaign(product: Product, tenant_id: Any, numbers: list[str], *, stranger: bool) -> int:
    """How many of a campaign are stopped."""
    now, stopped = product.clock.now(), 0
    async with product.database.for_tenant(tenant_id) as tx:
        card: RateCard = await read_current_card(tx)
        to = [Destination(number, "US", stranger) for number in numbers]
        shield = await open_shield(tx, TrafficKind.SMS, to, card, now=now)
        for one in to:
            if shield.stops(one):
                shield.refuse(one, Decimal("0.0083"), Decimal(0))
                stopped += 1
            else:
                shield.take(one)
        await shield.write(tx, "USD", now=now)
    return stopped


async def test_an_honest_campaign_to_ten_thousand_is_not_stopped(product: Product) -> None:
    await give_card(product, US="0.0083")
    tenant = await product.tenant()
    random = Random(7)
    areas = [f"+1{area}{random.randrange(200, 999)}" for area in (212, 646, 718, 917) for _ in range(40)]
    people = list({f"{random.choice(areas)}{random.randrange(10_000):04d}" for _ in range(10_000)})
    assert await _campaign(product, tenant.id, people, stranger=True) == 0  # its list was imported today
    product.clock.advance(timedelta(minutes=5))
    assert await _campaign(product, tenant.id, people, stranger=False) == 0
    assert (await tenant.machine.run("{ trafficPauses { id } }"))["trafficPauses"] == []
