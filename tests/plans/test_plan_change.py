"""A change of plan: only by a preview's token, when the preview says, for what it says, once, and one at a time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from auth.permissions import TenantRole
from portal.database import DatabaseRole
from tests.messages.traffic import add_contacts, plain_numbers, send
from tests.plans.changes import (
    APRIL,
    CANCEL,
    CHANGE,
    NOON,
    PREVIEW,
    TOKEN,
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
    turn_to,
)
from tests.product import Caller, Product, TenantUnderTest

CAP = 'mutation { spendCapSet(input: {amount: "5"}) { errors { code } } }'
ALERTS = "{ alerts(first: 10) { nodes { code } } }"
PLAN = "{ plan { plan { name } pendingChange { id } } allowance { limit used reserved remaining } }"


async def _refused(product: Product, tenant: TenantUnderTest, caller: Caller, token: str, code: str) -> None:
    before = await change_rows(product, tenant)
    made = await make(caller, token, f"refused {token}"[:255])
    assert problems(made) == [(code, ["input", "previewToken"])]
    assert made["planChange"] is None
    assert await change_rows(product, tenant) == before


async def test_a_token_of_another_tenant_changes_nothing(product: Product) -> None:
    tenant, admin = await stage(product)
    stranger = await product.tenant("Freestyle Rentals")
    theirs = await product.member(stranger.id, TenantRole.ADMINISTRATOR)
    token = await token_for(theirs, await large(product))
    product.clock.advance(timedelta(minutes=1))
    await _refused(product, tenant, admin, token, "PREVIEW_INVALID")
    assert problems(await make(theirs, token)) == []  # it was good where it belongs


async def test_a_token_that_was_tampered_with_changes_nothing(product: Product) -> None:
    tenant, admin = await stage(product)
    first = await token_for(admin, await large(product))
    body, _, signature = first.partition(".")
    other = (await token_for(admin, await small(product))).partition(".")[0]
    forged = [
        f"{body}.{signature[:-4]}",
        f"{body}.",
        body,
        f"{other}.{signature}",
        f"{'A' if body[0] != 'A' else 'B'}{body[1:]}.{signature}",
        f"{body}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}",
        f".{signature}",
        f"{signature}.{body}",
        "",
        "no token",
        "ü.ü",
        "a" * 10_000,
    ]
    for token in forged:
        await _refused(product, tenant, admin, token, "PREVIEW_INVALID")
    assert problems(await make(admin, first)) == []


@pytest.mark.parametrize(
    ("previewed", "ends"),
    [
        (NOON, NOON + timedelta(minutes=15)),
        (datetime(2027, 3, 16, 23, 50, tzinfo=UTC), datetime(2027, 3, 17, tzinfo=UTC)),
    ],
    ids=["15 minutes", "midnight"],
)
async def test_a_token_is_good_until_just_before_it_expires(
    product: Product, previewed: datetime, ends: datetime
) -> None:
    tenant, admin = await stage(product, previewed)
    found = (await admin.run(PREVIEW, plan=await large(product)))["planChangePreview"]
    assert datetime.fromisoformat(found["expiresAt"]) == ends
    product.clock.turn_to(ends)
    await _refused(product, tenant, admin, found["token"], "PREVIEW_EXPIRED")
    product.clock.turn_to(ends - timedelta(microseconds=1))
    assert problems(await make(admin, found["token"])) == []


async def test_a_token_is_outdated_by_another_change_and_by_the_end_of_sale(product: Product) -> None:
    tenant, admin = await stage(product)
    upgraded, downgraded = await large(product), await small(product)
    upgrade = await token_for(admin, upgraded)
    assert problems(await change(admin, downgraded, "comes later")) == []
    await _refused(product, tenant, admin, upgrade, "PREVIEW_OUTDATED")
    upgrade = await token_for(admin, upgraded)
    assert problems(await cancel(admin)) == []
    await _refused(product, tenant, admin, upgrade, "PREVIEW_OUTDATED")
    upgrade = await token_for(admin, upgraded)
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE plan SET state = 'RETIRED', retired_at = $1 WHERE name = 'Large'", NOON)
    await _refused(product, tenant, admin, upgrade, "PREVIEW_OUTDATED")
    assert (await admin.run(PREVIEW, plan=upgraded))["planChangePreview"] is None


async def test_an_upgrade_holds_at_once_and_keeps_what_was_used(product: Product) -> None:
    tenant, admin = await stage(product)
    await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(3)))
    await product.dispatcher.run_once()
    await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(5)[3:]), key="waits")
    assert (await admin.run(PLAN))["allowance"] == {"limit": 100, "used": 3, "reserved": 2, "remaining": 95}
    found = (await admin.run(PREVIEW, plan=await large(product)))["planChangePreview"]
    left = {"limit": 1_000, "used": 3, "reserved": 2, "remaining": 995}
    assert found["allowanceAfter"] == left | {
        "unit": "MESSAGES",
        "per": "MONTH",
        "resetsAt": "2027-04-01T00:00:00.000Z",
    }
    assert datetime.fromisoformat(found["effectiveAt"]) == NOON
    made = await make(admin, found["token"])
    assert made["planChange"] | {"id": ""} == {
        "id": "",
        "from": {"name": "Medium"},
        "to": {"name": "Large"},
        "effectiveAt": "2027-03-16T12:00:00.000Z",
        "canceledAt": None,
        "requestedBy": {"kind": "MEMBER", "name": "Administrator"},
    }
    assert made["tenantPlan"] == {"plan": {"name": "Large"}, "pendingChange": None}
    assert await admin.run(PLAN) == {"plan": made["tenantPlan"], "allowance": left}
    assert (await rows_of(product, tenant.id))[1:] == [
        ("Medium", NOON.replace(day=1, hour=1), NOON),
        ("Large", NOON, None),
    ]


async def test_an_upgrade_to_a_smaller_allowance_tells_at_once_that_it_is_used_up(product: Product) -> None:
    tenant, admin = await stage(product)
    await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(7)))
    assert (await admin.run(ALERTS))["alerts"]["nodes"] == []
    assert problems(await change(admin, await offer(product, "Tight", tier("12", 7)), "now")) == []
    told = (await admin.run(ALERTS))["alerts"]["nodes"]
    assert sorted(alert["code"] for alert in told) == ["ALLOWANCE_100", "ALLOWANCE_50", "ALLOWANCE_80"]


async def test_a_downgrade_holds_from_the_next_month(product: Product) -> None:
    tenant, admin = await stage(product)
    await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(3)))
    found = (await admin.run(PREVIEW, plan=await small(product)))["planChangePreview"]
    assert datetime.fromisoformat(found["effectiveAt"]) == APRIL
    assert found["proration"] == {"amount": "0.00", "currency": "USD"}
    assert found["monthlyDifference"] == {"amount": "-5.00", "currency": "USD"}
    made = await make(admin, found["token"])
    assert made["tenantPlan"]["plan"] == {"name": "Medium"}
    assert made["tenantPlan"]["pendingChange"] == {"id": made["planChange"]["id"], "to": {"name": "Small"}}
    await turn_to(product, APRIL - timedelta(microseconds=1))
    before = await (await product.member(tenant.id, TenantRole.ADMINISTRATOR)).run(PLAN)
    assert before["plan"]["plan"] == {"name": "Medium"}
    assert before["allowance"] == {"limit": 100, "used": 0, "reserved": 3, "remaining": 97}
    await turn_to(product, APRIL)
    now = await (await product.member(tenant.id, TenantRole.ADMINISTRATOR)).run(PLAN)
    assert now["plan"] == {"plan": {"name": "Small"}, "pendingChange": None}
    assert now["allowance"] == {"limit": 2, "used": 0, "reserved": 0, "remaining": 2}
    assert (await rows_of(product, tenant.id))[1:] == [
        ("Medium", NOON.replace(day=1, hour=1), APRIL),
        ("Small", APRIL, None),
    ]


@pytest.mark.parametrize(
    ("month", "proration"),
    [
        # February, 28 days: 10 * 15/28 = 5.36 and 49.99 * 13/28 = 23.21, less the 10 that Medium alone comes to.
        (2, "18.57"),
        # April, 30 days: 10 * 15/30 = 5.00 and 49.99 * 15/30 = 24.995, a half and so 25.00.
        (4, "20.00"),
        # March, 31 days: 10 * 15/31 = 4.84 and 49.99 * 16/31 = 25.80.
        (3, "20.64"),
    ],
    ids=["28 days", "30 days", "31 days"],
)
async def test_the_day_of_an_upgrade_pays_the_new_plan(product: Product, month: int, proration: str) -> None:
    _, admin = await stage(product, NOON.replace(month=month))
    found = (await admin.run(PREVIEW, plan=await large(product)))["planChangePreview"]
    assert found["proration"] == {"amount": proration, "currency": "USD"}
    assert found["monthlyDifference"] == {"amount": "39.99", "currency": "USD"}


async def test_a_preview_warns_of_what_a_change_takes_away(product: Product) -> None:
    tenant, admin = await stage(product)
    await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(7)))
    tight = await offer(product, "Tight", tier("12", 7), countries=["US"])
    found = (await admin.run(PREVIEW, plan=tight))["planChangePreview"]
    assert found["allowanceAfter"]["remaining"] == 0
    assert found["warnings"] == [
        {
            "code": "USED_ABOVE_LIMIT",
            "message": "What was used already is all that this plan allows: sending stops until 01 April.",
        },
        {"code": "COUNTRIES_DROPPED", "message": "Messages go to US alone, and no longer everywhere."},
    ]
    wide = await offer(product, "Wide", tier("12", 8))
    assert (await admin.run(PREVIEW, plan=wide))["planChangePreview"]["warnings"] == []


async def test_a_preview_into_another_currency_warns_of_the_spend_cap_and_compares_no_amounts(
    product: Product,
) -> None:
    _, admin = await stage(product)
    assert (await admin.run(CAP))["spendCapSet"]["errors"] == []
    euros = await offer(product, "Euro", replace(tier("99", 1_000), currency="EUR"))
    found = (await admin.run(PREVIEW, plan=euros))["planChangePreview"]
    assert [warning["code"] for warning in found["warnings"]] == ["CURRENCY_CHANGES", "SPEND_CAP_CURRENCY"]
    assert (found["proration"], found["monthlyDifference"], found["breakEven"]) == (None, None, None)
    assert datetime.fromisoformat(found["effectiveAt"]) == APRIL


@pytest.mark.parametrize("role", [TenantRole.SUPPORT, TenantRole.DEVELOPER])
async def test_who_may_not_change_the_plan_is_refused(product: Product, role: TenantRole) -> None:
    tenant, admin = await stage(product)
    upgrade, downgrade = await large(product), await small(product)
    assert problems(await change(admin, downgrade, "comes later")) == []
    token = await token_for(admin, upgrade)
    before = await change_rows(product, tenant)
    member = await product.member(tenant.id, role)
    for caller in (member, tenant.machine):
        assert await caller.codes(CHANGE, input={"idempotencyKey": "change", "previewToken": token}) == ["FORBIDDEN"]
        assert await caller.codes(CANCEL, input={}) == ["FORBIDDEN"]
    if role is TenantRole.SUPPORT:
        assert await member.codes(PREVIEW, plan=upgrade) == ["FORBIDDEN"]
    else:  # may look, but not change
        assert (await member.run(TOKEN, plan=upgrade))["planChangePreview"]["token"]
    assert await change_rows(product, tenant) == before
