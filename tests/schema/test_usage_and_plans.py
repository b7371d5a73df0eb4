"""Plans, allowances and usage: what may still be sent, what was, and when it begins anew."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from auth.permissions import Permission
from portal.clock import new_id
from portal.database import DatabaseRole
from portal.plans.catalogue import publish_plan
from portal.plans.checking import PlanContent
from portal.plans.periods import AllowancePeriod
from portal.usage.usage import SMS_OUTBOUND, add_usage
from portal_schema.nodes import to_global
from tests.factories import plan_of
from tests.product import Product, operation
from tests.schema.rows import add_contact, send
from tests.turnable_clock import TurnableClock

ALLOWANCE = "limit used reserved remaining unit per resetsAt"
PLAN = f"""{{
  plan {{ since plan {{ id name version allowance {{ amount unit per atLimit }} }} allowance {{ {ALLOWANCE} }} }}
}}"""
USAGE = """query ($input: UsageInput!) {
  usage(input: $input) {
    asOf start until categories { category label count countUnit usage usageUnit }
    buckets { start until categories { category count usage } }
  }
}"""
NODE = "query ($id: ID!) { node(id: $id) { ... on Plan { name version } } }"


def _written(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03}Z"


def _midnight(instant: datetime) -> datetime:
    return instant.replace(hour=0, minute=0, second=0, microsecond=0)


async def _change_plan(product: Product, tenant_id: UUID, plan: PlanContent | None) -> None:
    """End the tenant's plan, and give it this one instead."""
    product.clock.advance(timedelta(microseconds=1))
    now = product.clock.now()
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE tenant_plan SET until = $2 WHERE tenant_id = $1 AND until IS NULL", tenant_id, now)
        if plan is not None:
            await publish_plan(tx, plan, "Otto", now=now)
            await tx.execute(
                "INSERT INTO tenant_plan (tenant_id, id, plan_id, since) "
                "SELECT $1, $2, id, $4 FROM plan WHERE name = $3",
                tenant_id,
                new_id(now),
                plan.name,
                now,
            )


async def _use(product: Product, tenant_id: UUID, at: datetime, segments: Sequence[int]) -> None:
    async with product.database.for_tenant(tenant_id) as tx:
        await add_usage(tx, SMS_OUTBOUND, segments, now=at)


async def test_a_plan_tells_its_allowance_and_what_is_left_of_it(product: Product) -> None:
    tenant = await product.tenant(allowance=50)
    now = product.clock.now()
    found = (await tenant.machine.run(PLAN))["plan"]
    assert found["plan"].pop("id")
    assert found == {
        "since": _written(now),
        "plan": {
            "name": "plan of 50",
            "version": 1,
            "allowance": {"amount": 50, "unit": "MESSAGES", "per": "DAY", "atLimit": "STOP"},
        },
        "allowance": {
            "limit": 50,
            "used": 0,
            "reserved": 0,
            "remaining": 50,
            "unit": "MESSAGES",
            "per": "DAY",
            "resetsAt": _written(_midnight(now) + timedelta(days=1)),
        },
    }
    assert (await tenant.machine.run(operation("allowance")))["allowance"] == found["allowance"]


async def test_an_allowance_begins_anew_at_midnight_utc_and_not_before(product: Product, clock: TurnableClock) -> None:
    midnight = _midnight(clock.now()) + timedelta(days=1)
    clock.turn_to(midnight - timedelta(seconds=2))
    tenant = await product.tenant(allowance=3)
    contact = await add_contact(tenant.machine, "+12025550100")
    await send(tenant.machine, [contact], body="Late")
    while await product.dispatcher.run_once():
        pass
    await send(tenant.machine, [contact], body="Later")
    asked = f"{{ allowance {{ {ALLOWANCE} }} }}"
    late = (await tenant.machine.run(asked))["allowance"]
    assert (late["used"], late["reserved"], late["remaining"], late["resetsAt"]) == (1, 1, 1, _written(midnight))
    clock.turn_to(midnight - timedelta(microseconds=1))
    assert (await tenant.machine.run(asked))["allowance"] == late
    clock.turn_to(midnight)
    anew = (await tenant.machine.run(asked))["allowance"]
    assert (anew["used"], anew["reserved"], anew["remaining"]) == (0, 0, 3)
    assert anew["resetsAt"] == _written(midnight + timedelta(days=1))


async def test_a_monthly_allowance_ends_with_the_month(product: Product, clock: TurnableClock) -> None:
    tenant = await product.tenant()
    await _change_plan(product, tenant.id, plan_of("monthly", 1_000, AllowancePeriod.MONTH))
    first = (_midnight(clock.now()).replace(day=1) + timedelta(days=32)).replace(day=1)
    found = (await tenant.machine.run(PLAN))["plan"]["allowance"]
    assert (found["limit"], found["per"], found["resetsAt"]) == (1_000, "MONTH", _written(first))


async def test_without_a_limit_nothing_is_left_to_count_down(product: Product) -> None:
    tenant = await product.tenant(allowance=None)
    contact = await add_contact(tenant.machine, "+12025550100")
    await send(tenant.machine, [contact], body="Hello")
    found = (await tenant.machine.run(PLAN))["plan"]
    assert found["plan"]["allowance"]["amount"] is None
    assert (found["allowance"]["limit"], found["allowance"]["remaining"]) == (None, None)
    assert found["allowance"]["reserved"] == 1


async def test_before_there_is_a_plan_there_is_neither_allowance_nor_estimate(product: Product) -> None:
    tenant = await product.tenant()
    contact = await add_contact(tenant.machine, "+12025550100")
    await _change_plan(product, tenant.id, None)
    asked = """query ($c: ID!) {
      plan { since } allowance { used }
      messageEstimate(input: {recipients: {contactIds: [$c]}, body: "x"}) { recipients }
    }"""
    assert await tenant.machine.run(asked, c=contact) == {"plan": None, "allowance": None, "messageEstimate": None}
    given = {"idempotencyKey": "1", "recipients": {"contactIds": [contact]}, "body": "x"}
    sent = (await tenant.machine.run(operation("messageSend"), input=given))["messageSend"]
    assert [(error["code"], error["path"]) for error in sent["errors"]] == [("NO_SENDER", None)]


async def test_a_plan_that_was_or_is_on_sale_is_found_by_its_id_and_another_is_not(product: Product) -> None:
    tenant = await product.tenant(allowance=50)
    old = (await tenant.machine.run(PLAN))["plan"]["plan"]["id"]
    product.clock.advance(timedelta(hours=1))
    await _change_plan(product, tenant.id, plan_of("new", 60))
    machine = await product.machine(tenant.id, [Permission.USAGE_READ])
    new = (await machine.run(PLAN))["plan"]["plan"]["id"]
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE plan SET state = 'RETIRED' WHERE name = 'plan of 50'")
        await publish_plan(tx, plan_of("on sale", 70), "Otto", now=product.clock.now())
        await publish_plan(tx, plan_of("of others", 70), "Otto", now=product.clock.now())
        sold = await tx.value("SELECT id FROM plan WHERE name = 'on sale'")
        others = await tx.value("UPDATE plan SET state = 'RETIRED' WHERE name = 'of others' RETURNING id")
    given = (old, new, to_global("Plan", sold), to_global("Plan", others))
    found = [(await machine.run(NODE, id=one))["node"] for one in given]
    assert [one and one["name"] for one in found] == ["plan of 50", "new", "on sale", None]


async def test_a_smaller_plan_keeps_what_was_used_and_leaves_nothing_negative(product: Product) -> None:
    tenant = await product.tenant(allowance=3)
    contact = await add_contact(tenant.machine, "+12025550100")
    for _ in range(3):
        await send(tenant.machine, [contact], body="Hello")
    await _change_plan(product, tenant.id, plan_of("tiny", 1))
    found = (await tenant.machine.run(PLAN))["plan"]["allowance"]
    assert (found["limit"], found["reserved"], found["remaining"]) == (1, 3, 0)


@pytest.mark.parametrize(("period", "size"), [("TODAY", "WHOLE"), ("TODAY", "DAY"), ("THIS_MONTH", "WHOLE")])
async def test_who_used_nothing_has_a_report_of_nothing(period: str, size: str, product: Product) -> None:
    tenant, now = await product.tenant(), product.clock.now()
    found = (await tenant.machine.run(USAGE, input={"period": period, "bucketSize": size}))["usage"]
    day = _midnight(now)
    start, until = (day, day + timedelta(days=1)) if period == "TODAY" else _month(now)
    bucket = {"start": _written(start), "until": _written(until), "categories": []}
    assert found == {
        "asOf": _written(now),
        "start": _written(start),
        "until": _written(until),
        "categories": [],
        "buckets": [bucket],
    }


def _month(instant: datetime) -> tuple[datetime, datetime]:
    first = _midnight(instant).replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1)


async def test_usage_is_cut_at_midnight_utc_and_sums_up(product: Product, clock: TurnableClock) -> None:
    start = _month(clock.now())[1]  # the first of the next month
    clock.turn_to(start + timedelta(days=4, hours=12))
    tenant = await product.tenant()
    last_instant = timedelta(microseconds=1)
    for at, segments in (
        (start - last_instant, [9]),  # the month before
        (start, [1, 2]),
        (start + timedelta(days=1) - last_instant, [3]),
        (start + timedelta(days=3), [1]),
        (start + timedelta(days=4), [1, 1]),
    ):
        await _use(product, tenant.id, at, segments)
    month = (await tenant.machine.run(USAGE, input={"period": "THIS_MONTH", "bucketSize": "DAY"}))["usage"]
    assert (month["start"], month["until"]) == (_written(start), _written(_month(start)[1]))
    assert month["categories"] == [
        {
            "category": "sms-outbound",
            "label": "Text messages sent",
            "count": 6,
            "countUnit": "messages",
            "usage": 9,
            "usageUnit": "segments",
        }
    ]
    days = [start + timedelta(days=number) for number in range(5)]  # those to come have no bucket yet
    assert [(one["start"], one["until"]) for one in month["buckets"]] == [
        (_written(day), _written(day + timedelta(days=1))) for day in days
    ]
    counts = [[(one["count"], one["usage"]) for one in bucket["categories"]] for bucket in month["buckets"]]
    assert counts == [[(3, 6)], [], [], [(1, 1)], [(2, 2)]]
    whole = (await tenant.machine.run(USAGE, input={"period": "THIS_MONTH"}))["usage"]
    assert whole["categories"] == month["categories"]
    assert [[(one["count"], one["usage"]) for one in bucket["categories"]] for bucket in whole["buckets"]] == [[(6, 9)]]
    today = (await tenant.machine.run(USAGE, input={"period": "TODAY"}))["usage"]
    assert [(one["count"], one["usage"]) for one in today["categories"]] == [(2, 2)]


async def test_what_is_sent_counts_as_usage_once_it_is_handed_over(product: Product) -> None:
    tenant = await product.tenant()
    contact = await add_contact(tenant.machine, "+12025550100")
    await send(tenant.machine, [contact], body="x" * 161)
    asked = {"period": "TODAY"}
    assert (await tenant.machine.run(USAGE, input=asked))["usage"]["categories"] == []
    while await product.dispatcher.run_once():
        pass
    (found,) = (await tenant.machine.run(USAGE, input=asked))["usage"]["categories"]
    assert (found["count"], found["usage"]) == (1, 2)


async def test_instants_are_written_in_utc_with_milliseconds(product: Product, clock: TurnableClock) -> None:
    clock.turn_to(datetime.now(UTC).replace(microsecond=7_999))
    tenant = await product.tenant()
    found = (await tenant.machine.run(USAGE, input={"period": "TODAY"}))["usage"]["asOf"]
    assert found == clock.now().strftime("%Y-%m-%dT%H:%M:%S.007Z")
