"""A plan's usage triggers stand on the tenant's subaccount: set once, replaced with the plan, found again."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.database import DatabaseRole
from portal.database.address import DatabaseAddress
from portal.plans.periods import AllowancePeriod
from portal.plans.thresholds import newly_reached
from portal.plans.trigger_setup import CHECKED_EVERY, FIRST_PAUSE, LEASE
from portal.plans.triggers import watches
from portal.pricing.terms import PlanTerms, PricingStrategy
from tests.plans.changes import change, offer, tier
from tests.plans.given import give_plan
from tests.plans.watching import Scene, administrator_of, by_count, credentials_of, watch_also, watched, written_down
from tests.plans.watching import scene as staged
from tests.waiting import until

CREATE = ("", "POST", "/Usage/Triggers.json")


@pytest.fixture
async def scene(address: DatabaseAddress) -> AsyncIterator[Scene]:
    async with staged(address) as scene:
        yield scene


async def _state(scene: Scene, tenant_id: object, state: str) -> None:
    async with scene.product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE tenant SET state = $2 WHERE id = $1", tenant_id, state)


async def test_a_tenant_with_250_a_day_gets_its_three_triggers_and_then_nothing_is_due(scene: Scene) -> None:
    tenant = await scene.product.tenant(allowance=250)
    assert await scene.set_all() == 1
    found = await scene.at_the_provider(tenant)
    assert watched(found) == by_count(125, 200, 250)
    (url,) = {one["callback_url"] for one in found}
    assert url == f"{scene.product.url}/webhooks/twilio/{tenant.id}/usage-triggers"
    assert await written_down(scene.product, tenant.id) == [(50, 125, True), (80, 200, True), (100, 250, True)]
    before = len(scene.door.seen)
    assert await scene.set_all() == 0
    assert len(scene.door.seen) == before


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (
            {"allowance_amount": 3, "allowance_unit": "SEGMENTS", "allowance_per": "MONTH"},
            [("sms-outbound", "usage", str(value), "monthly") for value in (2, 3, 3)],
        ),
        ({"allowance_amount": None}, []),
        ({"allowance_amount": None, "strategy": "CREDITS", "at_limit": "CREDITS"}, []),
    ],
)
async def test_the_plan_says_what_is_watched_and_without_a_limit_nothing_is(
    terms: dict[str, Any], expected: list[tuple[str, str, str, str]], scene: Scene
) -> None:
    tenant = await scene.product.tenant()
    await give_plan(scene.product, tenant.id, **terms)
    assert await scene.set_all() == 1
    assert watched(await scene.at_the_provider(tenant)) == expected
    assert await scene.set_all() == 0


async def test_a_change_of_plan_replaces_the_triggers_when_it_holds(scene: Scene) -> None:
    product = scene.product
    tenant = await product.tenant()
    administrator = await administrator_of(product, tenant)
    await scene.set_all()
    product.clock.advance(timedelta(minutes=1))
    large = await offer(product, "Large", tier("49.99", 1_000))
    assert (await change(administrator, large, "up"))["errors"] == []
    assert await scene.set_all() == 1
    assert watched(await scene.at_the_provider(tenant)) == by_count(500, 800, 1_000, recurring="monthly")
    assert [there for _, _, there in await written_down(product, tenant.id)] == [False] * 3 + [True] * 3
    product.clock.advance(timedelta(hours=1))
    administrator = await administrator_of(product, tenant)
    small = await offer(product, "Small", tier("5", 10))
    assert (await change(administrator, small, "down"))["errors"] == []  # from the next month
    assert await scene.set_all() == 0
    product.clock.advance(timedelta(days=20))
    assert await scene.set_all() == 1
    assert watched(await scene.at_the_provider(tenant)) == by_count(5, 8, 10, recurring="monthly")


async def test_thresholds_of_the_tenants_own_are_watched_as_long_as_it_has_them(scene: Scene) -> None:
    tenant = await scene.product.tenant()
    await scene.set_all()
    administrator = await administrator_of(scene.product, tenant)
    await watch_also(administrator, 90, 120, 80)
    assert await scene.set_all() == 1
    assert watched(await scene.at_the_provider(tenant)) == by_count(125, 200, 225, 250, 300)
    await watch_also(administrator)
    assert await scene.set_all() == 1
    assert watched(await scene.at_the_provider(tenant)) == by_count(125, 200, 250)


async def test_triggers_that_others_have_set_stay(scene: Scene) -> None:
    tenant = await scene.product.tenant()
    mine = await scene.add_by_hand(tenant)
    await scene.set_all()
    await give_plan(scene.product, tenant.id, allowance_amount=None)
    assert await scene.set_all() == 1
    assert [one["sid"] for one in await scene.at_the_provider(tenant)] == [mine]


async def test_what_is_changed_at_the_provider_is_put_right_within_a_day(scene: Scene) -> None:
    product = scene.product
    tenant = await product.tenant()
    await scene.set_all()
    credentials = await credentials_of(product, tenant)
    found = {one.percent: one for one in await product.gateway.usage_triggers.read(credentials)}
    await product.gateway.usage_triggers.remove(credentials, found[80].reference)
    await product.gateway.usage_triggers.remove(credentials, found[80].reference)  # it is gone already
    await scene.add_by_hand(tenant, "Portal: 50% of the allowance", TriggerBy="price")
    assert await scene.set_all() == 0
    product.clock.advance(CHECKED_EVERY)
    assert await scene.set_all() == 1
    assert watched(await scene.at_the_provider(tenant)) == by_count(125, 200, 250)
    told = sorted(await written_down(product, tenant.id))
    assert told == [(50, 125, True), (80, 200, False), (80, 200, True), (100, 250, True)]


@pytest.mark.parametrize("lost", [False, True])
async def test_a_provider_that_fails_is_asked_again_and_nothing_is_set_twice(
    lost: bool,  # noqa: FBT001  a parameter of the test
    scene: Scene,
) -> None:
    tenant = await scene.product.tenant()
    (scene.door.loses if lost else scene.door.closed_to).append(CREATE)
    assert await scene.set_all() == 0
    assert len(await scene.at_the_provider(tenant)) == int(lost)
    assert await scene.set_all() == 0
    assert scene.door.count("POST", "/Usage/Triggers") == 1  # the pause is not over
    scene.product.clock.advance(FIRST_PAUSE)
    assert await scene.set_all() == 1
    assert watched(await scene.at_the_provider(tenant)) == by_count(125, 200, 250)
    assert await written_down(scene.product, tenant.id) == [(50, 125, True), (80, 200, True), (100, 250, True)]


async def test_a_provider_that_fails_one_tenant_holds_up_no_other(scene: Scene) -> None:
    unlucky, other = [await scene.product.tenant(name) for name in ("Unlucky", "Other")]
    scene.door.closed_to.append((unlucky.account_sid, "GET", "/Usage/Triggers.json"))
    assert await scene.set_all() == 1
    assert [len(await scene.at_the_provider(tenant)) for tenant in (unlucky, other)] == [0, 3]


async def test_workers_at_once_set_each_trigger_once(scene: Scene) -> None:
    tenants = [await scene.product.tenant(name) for name in ("Falcon Flights", "Freestyle Falcons")]
    counts = await asyncio.gather(*(scene.set_all() for _ in range(4)))
    assert sum(counts) == len(tenants)
    for tenant in tenants:
        assert watched(await scene.at_the_provider(tenant)) == by_count(125, 200, 250)
    assert scene.door.count("POST", "/Usage/Triggers") == 2 * 3


async def test_what_a_killed_worker_left_is_taken_up_after_its_lease(scene: Scene) -> None:
    product = scene.product
    tenant = await product.tenant()
    async with product.database.for_tenant(tenant.id) as tx:
        sql = "INSERT INTO usage_trigger_setup (tenant_id, id, held_until) VALUES ($1, $1, $2)"
        await tx.execute(sql, tenant.id, product.clock.now() + LEASE)
    credentials = await credentials_of(product, tenant)
    url = f"{product.url}/webhooks/twilio/{tenant.id}/usage-triggers"
    first = watches(tier("0", 250, per=AllowancePeriod.DAY))[50]
    for _ in range(2):  # the second by somebody whose clock went slow
        await product.gateway.usage_triggers.add(credentials, 50, first, url)
    assert await scene.set_all() == 0
    assert len(await scene.at_the_provider(tenant)) == 2
    product.clock.advance(LEASE)
    assert await scene.set_all() == 1
    assert watched(await scene.at_the_provider(tenant)) == by_count(125, 200, 250)
    told = await written_down(product, tenant.id)
    assert sorted(told) == [(50, 125, False), (50, 125, True), (80, 200, True), (100, 250, True)]


async def test_a_change_while_triggers_are_set_is_not_lost(scene: Scene) -> None:
    product = scene.product
    tenant = await product.tenant()
    setting = asyncio.create_task(scene.set_all())
    await give_plan(product, tenant.id, allowance_amount=10)
    await setting
    while await scene.set_all():
        pass
    assert watched(await scene.at_the_provider(tenant)) == by_count(5, 8, 10)


async def test_a_suspended_tenants_triggers_are_left_alone_and_a_closed_ones_are_removed(scene: Scene) -> None:
    tenant = await scene.product.tenant()
    await scene.set_all()
    await _state(scene, tenant.id, "SUSPENDED")
    await give_plan(scene.product, tenant.id, allowance_amount=10)
    assert await scene.set_all() == 0
    assert watched(await scene.at_the_provider(tenant)) == by_count(125, 200, 250)
    await _state(scene, tenant.id, "ACTIVE")
    assert await scene.set_all() == 1
    assert watched(await scene.at_the_provider(tenant)) == by_count(5, 8, 10)
    await _state(scene, tenant.id, "CLOSED")
    assert await scene.set_all() == 1
    assert await scene.at_the_provider(tenant) == []
    scene.product.clock.advance(2 * CHECKED_EVERY)
    assert await scene.set_all() == 0


async def test_the_worker_sets_triggers_by_itself(scene: Scene) -> None:
    tenant = await scene.product.tenant()

    async def are_set() -> bool:
        return len(await scene.at_the_provider(tenant)) == 3

    async with scene.product.worker():
        await until(are_set, seconds=30)
    assert watched(await scene.at_the_provider(tenant)) == by_count(125, 200, 250)


@given(st.integers(1, 10**6), st.sets(st.integers(1, 1000), max_size=10))
def test_a_trigger_fires_with_the_unit_that_reaches_its_percentage(limit: int, own: set[int]) -> None:
    wanted = watches(PlanTerms(PricingStrategy.TIER, "USD", amount=limit), own)
    assert list(wanted) == sorted({50, 80, 100} | own)
    for percent, watch in wanted.items():
        assert percent in newly_reached(limit, watch.value, 0, own)
        assert percent not in newly_reached(limit, watch.value - 1, 0, own)
