"""A change of plan has one effect, however often it is asked for, and of several at once one wins."""

import asyncio
from datetime import timedelta

import pytest

from portal.database import DatabaseRole
from tests.plans.changes import (
    APRIL,
    NOON,
    cancel,
    change,
    change_rows,
    large,
    make,
    offer,
    problems,
    rows_of,
    small,
    stage,
    tier,
    token_for,
)
from tests.product import Product, TenantUnderTest

SINCE = NOON.replace(day=1, hour=1)  # when Medium began
OUTDATED = [("PREVIEW_OUTDATED", ["input", "previewToken"])]


async def _changes(product: Product, tenant: TenantUnderTest) -> int:
    """How many changes hold or are to come, beside that to Medium."""
    sql = "SELECT count(*) - 1 FROM plan_change WHERE tenant_id = $1 AND canceled_at IS NULL"
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        count: int = await tx.value(sql, tenant.id)
    return count


async def test_the_same_key_has_one_effect_and_another_token_under_it_is_refused(product: Product) -> None:
    tenant, admin = await stage(product)
    upgrade = await large(product)
    first, other = await token_for(admin, upgrade), await token_for(admin, await small(product))
    made = await make(admin, first)
    after = await change_rows(product, tenant)
    product.clock.advance(timedelta(minutes=1))
    assert await make(admin, first) == made | {"idempotentReplay": True}
    refused = await make(admin, other)
    assert problems(refused) == [("IDEMPOTENCY_CONFLICT", ["input", "idempotencyKey"])]
    assert refused["planChange"] is None
    assert await change_rows(product, tenant) == after
    assert await _changes(product, tenant) == 1


async def test_what_is_to_come_is_taken_back_once(product: Product) -> None:
    tenant, admin = await stage(product)
    made = await change(admin, await small(product), "later")
    taken_back = await cancel(admin, idempotencyKey="back")
    assert taken_back == {
        "planChange": {
            "id": made["planChange"]["id"],
            "canceledAt": "2027-03-16T12:00:00.000Z",
            "canceledBy": "Administrator",
        },
        "tenantPlan": {"plan": {"name": "Medium"}, "pendingChange": None},
        "idempotentReplay": False,
        "errors": [],
    }
    assert (await rows_of(product, tenant.id))[1:] == [("Medium", SINCE, None)]
    after = await change_rows(product, tenant)
    assert await cancel(admin, idempotencyKey="back") == taken_back | {"idempotentReplay": True}
    for given in ({}, {"idempotencyKey": "again"}):
        again = await cancel(admin, **given)
        assert problems(again) == [("NOTHING_TO_CANCEL", None)]
        assert again["planChange"] is None
    assert await change_rows(product, tenant) == after


async def test_an_upgrade_that_holds_is_not_taken_back(product: Product) -> None:
    tenant, admin = await stage(product)
    assert problems(await change(admin, await large(product), "now")) == []
    after = await change_rows(product, tenant)
    assert problems(await cancel(admin)) == [("NOTHING_TO_CANCEL", None)]
    assert await change_rows(product, tenant) == after


@pytest.mark.parametrize("fees", [("20", "30"), ("5", "4"), ("20", "5")], ids=["up", "down", "up and down"])
async def test_gq_11_of_two_changes_of_plan_at_once_one_wins(product: Product, fees: tuple[str, str]) -> None:
    tenant, admin = await stage(product)
    targets = [await offer(product, f"At {fee}", tier(fee, 100)) for fee in fees]
    tokens = [await token_for(admin, target) for target in targets]
    made = await asyncio.gather(*(make(admin, token, f"key {fees}, {n}") for n, token in enumerate(tokens)))
    (won,) = [payload for payload in made if not payload["errors"]]
    (lost,) = [payload for payload in made if payload["errors"]]
    assert problems(lost) == OUTDATED
    assert lost["planChange"] is None
    name = won["planChange"]["to"]["name"]
    begins = NOON if name in {"At 20", "At 30"} else APRIL
    assert (await rows_of(product, tenant.id))[1:] == [("Medium", SINCE, begins), (name, begins, None)]
    assert await _changes(product, tenant) == 1


@pytest.mark.parametrize("fee", ["20", "5"], ids=["up", "down"])
async def test_gq_11_one_preview_under_ten_keys_at_once_is_one_change_of_plan(product: Product, fee: str) -> None:
    tenant, admin = await stage(product)
    token = await token_for(admin, await offer(product, "Target", tier(fee, 100)))
    made = await asyncio.gather(*(make(admin, token, f"key {n}") for n in range(10)))
    assert sorted(map(problems, made)) == [[], *[OUTDATED] * 9]
    begins = NOON if fee == "20" else APRIL
    assert (await rows_of(product, tenant.id))[1:] == [("Medium", SINCE, begins), ("Target", begins, None)]
    assert await _changes(product, tenant) == 1


async def test_gq_11_twins_of_a_change_of_plan_at_once_have_one_effect(product: Product) -> None:
    tenant, admin = await stage(product)
    token = await token_for(admin, await large(product))
    made = await asyncio.gather(*(make(admin, token) for _ in range(10)))
    worked = [payload for payload in made if not payload["errors"]]
    busy = [problems(payload) for payload in made if payload["errors"]]
    assert busy == [[("IDEMPOTENCY_IN_PROGRESS", ["input", "idempotencyKey"])]] * len(busy)
    assert len({payload["planChange"]["id"] for payload in worked}) == 1
    assert [payload["idempotentReplay"] for payload in worked].count(False) == 1
    assert (await rows_of(product, tenant.id))[1:] == [("Medium", SINCE, NOON), ("Large", NOON, None)]
    assert await _changes(product, tenant) == 1


async def test_gq_11_a_change_of_plan_and_one_taken_back_at_once_leave_one_plan(product: Product) -> None:
    tenant, admin = await stage(product)
    assert problems(await change(admin, await small(product), "first")) == []
    token = await token_for(admin, await offer(product, "Smaller", tier("4", 1)))
    made, taken_back = await asyncio.gather(make(admin, token), cancel(admin))
    assert taken_back["errors"] == []
    assert problems(made) in ([], OUTDATED)
    assert (await rows_of(product, tenant.id))[1:] == [("Medium", SINCE, None)]
    assert await _changes(product, tenant) == 0
