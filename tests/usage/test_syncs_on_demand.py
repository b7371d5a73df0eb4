"""Syncs over GraphQL: asked for by the tenant's people, told as they get on, one at a time; and what waits for them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from auth.permissions import Permission, StaffRole, TenantRole
from portal.clock import written
from portal.database import DatabaseRole
from portal.invoices.generating import InvoiceGeneration
from portal.pricing.terms import MarginBracket, MarginKind, PlanTerms, PricingStrategy
from portal.usage.nightly import request_nightly
from portal_schema.nodes import to_global
from tests.invoices.stored_usage import hold, invoices_of, make_plan
from tests.live.sockets import looking
from tests.product import Product, TenantUnderTest
from tests.usage.syncing import DAY, kept, syncing, syncs, use

SYNC = "id state from until days daysDone asOf fault requestedAt finishedAt"
START = f"""mutation ($input: UsageSyncStartInput!) {{
  usageSyncStart(input: $input) {{ usageSync {{ {SYNC} }} errors {{ code path message }} }}
}}"""
SYNCS = f"{{ usageSyncs {{ {SYNC} }} }}"
CHANGED = "subscription { usageSyncChanged { state daysDone days } }"
OF_TENANT = "query ($id: ID!) { tenant(id: $id) { usageSyncs { state daysDone } } }"
NODE = "query ($id: ID!) { node(id: $id) { ... on UsageSync { id } } }"
USAGE = "query ($input: UsageInput!) { usage(input: $input) { providerAsOf categories { category count usage } } }"


def _range(first: date, until: date) -> dict[str, Any]:
    return {"range": {"from": str(first), "until": str(until)}}


async def _start(tenant: TenantUnderTest, **given: Any) -> dict[str, Any]:
    started = (await tenant.machine.run(START, input=given))["usageSyncStart"]
    assert started["errors"] == []
    return dict(started["usageSync"])


async def test_a_sync_is_asked_for_worked_off_and_told_at_each_step(product: Product) -> None:
    tenant = await product.tenant()
    now = product.clock.now()
    first = now.date() - timedelta(days=40)
    await use(product, tenant, first, "calls-outbound", 2, "0.0276")
    async with looking(tenant.machine) as socket:
        await socket.subscribe(CHANGED)
        started = await _start(tenant, **_range(first, first + 7 * DAY))
        assert started == {
            "id": started["id"],
            "state": "WAITING",
            "from": str(first),
            "until": str(first + 7 * DAY),
            "days": 7,
            "daysDone": 0,
            "asOf": None,
            "fault": None,
            "requestedAt": written(now),
            "finishedAt": None,
        }
        assert (await socket.data())["usageSyncChanged"] == {"state": "WAITING", "daysDone": 0, "days": 7}
        await syncing(product).work_due()
        told: list[tuple[str, int]] = []
        while not told or told[-1] != ("DONE", 7):
            change = (await socket.data())["usageSyncChanged"]
            told.append((change["state"], change["daysDone"]))
        assert set(told) <= {("RUNNING", 0), ("RUNNING", 5), ("DONE", 7)}  # changes close together are told once
    [done] = (await tenant.machine.run(SYNCS))["usageSyncs"]
    assert (done["id"], done["state"], done["daysDone"]) == (started["id"], "DONE", 7)
    assert done["asOf"] is not None
    asked = _range(first, first + DAY)
    report = (await tenant.machine.run(USAGE, input=asked))["usage"]
    assert report["categories"] == [{"category": "calls-outbound", "count": 2, "usage": 2}]  # calls, and minutes
    assert report["providerAsOf"] == done["asOf"]


async def test_the_same_days_again_are_the_same_sync_while_it_goes_on_and_for_a_minute(product: Product) -> None:
    tenant = await product.tenant()
    today = product.clock.now().date()
    given = _range(today - 2 * DAY, today)
    first = await _start(tenant, **given)
    assert (await _start(tenant, **given))["id"] == first["id"]
    await syncing(product).work_due()
    product.clock.advance(timedelta(seconds=59))
    assert (await _start(tenant, **given))["state"] == "DONE"
    product.clock.advance(timedelta(seconds=2))
    again = await _start(tenant, **given)
    assert again["id"] != first["id"]
    assert again["state"] == "WAITING"
    assert len(await syncs(product, tenant.id)) == 2


async def test_other_days_are_refused_while_a_sync_goes_on(product: Product) -> None:
    tenant, other = await product.tenant(), await product.tenant("Freestyle Falcons")
    today = product.clock.now().date()
    await _start(tenant, **_range(today - 2 * DAY, today))
    refused = (await tenant.machine.run(START, input=_range(today - 3 * DAY, today)))["usageSyncStart"]
    [problem] = refused["errors"]
    assert (refused["usageSync"], problem["code"], problem["path"]) == (None, "BUSY", None)
    assert len(await syncs(product, tenant.id)) == 1
    await _start(other, **_range(today - 3 * DAY, today))  # which is nobody else's business


async def test_without_days_it_reads_those_of_a_night_and_today_and_never_days_to_come(product: Product) -> None:
    product.clock.turn_to(product.clock.now().replace(day=20))
    tenant = await product.tenant()
    today = product.clock.now().date()
    started = await _start(tenant)
    assert (started["from"], started["until"]) == (str(today - 3 * DAY), str(today + DAY))
    await syncing(product).work_due()
    started = await _start(tenant, **_range(today, today + 30 * DAY))
    assert (started["from"], started["until"]) == (str(today), str(today + DAY))


@pytest.mark.parametrize(
    ("first", "until", "path"),
    [
        ("2026-04-02", "2026-04-02", ["input", "range"]),
        ("2026-04-02", "2026-04-01", ["input", "range"]),
        ("1999-12-31", "2026-04-01", ["input", "range", "from"]),
        ("2999-01-01", "2999-01-02", ["input", "range", "from"]),
        ("2024-01-01", "2026-04-01", ["input", "range"]),
    ],
)
async def test_days_that_cannot_be_read_are_refused_with_a_code_and_a_path(
    first: str, until: str, path: list[str], product: Product
) -> None:
    tenant = await product.tenant()
    given = {"range": {"from": first, "until": until}}
    refused = (await tenant.machine.run(START, input=given))["usageSyncStart"]
    assert refused["usageSync"] is None
    assert [(one["code"], one["path"]) for one in refused["errors"]] == [("INVALID", path)]
    assert await syncs(product, tenant.id) == []


async def test_a_day_that_the_calendar_has_not_is_refused(product: Product) -> None:
    tenant = await product.tenant()
    given = {"range": {"from": "2026-04-31", "until": "2026-05-02"}}
    assert await tenant.machine.codes(START, input=given) == ["BAD_USER_INPUT"]
    assert await tenant.machine.codes(USAGE, input=given) == ["BAD_USER_INPUT"]
    assert await syncs(product, tenant.id) == []


async def test_a_sync_is_found_by_its_id_in_its_tenant_alone_and_the_operator_sees_all_tenants_syncs(
    product: Product,
) -> None:
    tenant, other = await product.tenant(), await product.tenant("Freestyle Falcons")
    started = await _start(tenant)
    assert (await tenant.machine.run(NODE, id=started["id"]))["node"] == {"id": started["id"]}
    assert (await other.machine.run(NODE, id=started["id"]))["node"] is None
    assert (await other.machine.run(SYNCS))["usageSyncs"] == []
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    seen = await operator.run(OF_TENANT, id=to_global("Tenant", tenant.id))
    assert seen["tenant"]["usageSyncs"] == [{"state": "WAITING", "daysDone": 0}]
    without = await product.machine(tenant.id, [Permission.CONTACTS_READ])
    assert await without.codes(START, input={}) == ["FORBIDDEN"]


async def test_the_worker_reads_what_is_asked_for_on_the_page(product: Product) -> None:
    tenant = await product.tenant()
    member = await product.member(tenant.id, TenantRole.SUPPORT)
    first = product.clock.now().date() - timedelta(days=40)
    await use(product, tenant, first, "lookups", 3, "0.015")
    async with looking(member) as socket:
        await socket.subscribe(CHANGED)
        started = (await member.run(START, input=_range(first, first + DAY)))["usageSyncStart"]
        assert started["errors"] == []
        async with product.worker():
            while (await socket.data())["usageSyncChanged"]["state"] != "DONE":
                pass
    assert (await kept(product, tenant.id))[first, "lookups"] == (3, Decimal("0.015"))


async def test_an_invoice_that_waits_for_the_provider_s_count_is_issued_once_a_night_has_read_it(
    product: Product,
) -> None:
    now = product.clock.now()
    this_month = datetime(now.year, now.month, 1, tzinfo=UTC)
    month = (this_month - timedelta(days=1)).replace(day=1).date()
    terms = PlanTerms(
        PricingStrategy.FIXED_MARGIN,
        "USD",
        margin_kind=MarginKind.MARKUP,
        brackets=(MarginBracket(None, Decimal("0.03")),),
    )
    tenant = await product.tenant()
    await _held_since(product, tenant, month - 10 * DAY, terms)
    await use(product, tenant, month, "calls-inbound", 100, "0.85")
    await use(product, tenant, this_month.date() - DAY, "lookups", 10, "0.05")
    await use(product, tenant, this_month.date(), "lookups", 1000, "5")  # of the month after
    product.clock.turn_to(this_month + timedelta(minutes=5))
    generation = InvoiceGeneration(product.database, product.clock)
    await generation.work_due()
    name = f"{month:%Y-%m}"
    assert await invoices_of(product.database, tenant.id) == [(name, "DRAFT", None, "0")]
    product.clock.turn_to(this_month + timedelta(hours=5))
    assert await request_nightly(product.database, product.clock) == 1
    await syncing(product).work_due()
    [done] = await syncs(product, tenant.id)
    assert (done.state, done.days.first, done.days.until) == ("DONE", (month - DAY).replace(day=1), this_month.date())
    await generation.work_due()
    # 0.85 * 1.03 = 0.8755, 0.05 * 1.03 = 0.0515
    assert await invoices_of(product.database, tenant.id) == [(name, "ISSUED", "INV-000001", "0.93")]


async def _held_since(product: Product, tenant: TenantUnderTest, day: date, terms: PlanTerms) -> None:
    """The tenant was there since that day, with a plan of these terms alone."""
    plan = await make_plan(product.database, "By the cost", terms)
    async with product.database.for_tenant(tenant.id) as own:
        await own.execute("DELETE FROM tenant_plan WHERE tenant_id = $1", tenant.id)
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        since = datetime(day.year, day.month, day.day, tzinfo=UTC)
        await tx.execute("UPDATE tenant SET created_at = $2 WHERE id = $1", tenant.id, since)
    await hold(product.database, tenant.id, plan, str(day))
