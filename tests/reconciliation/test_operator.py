"""Discrepancies and margin alerts over GraphQL: the operator's alone, from the simulator's records to the invoice."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from auth.permissions import StaffRole, TenantRole
from portal.database import DatabaseRole
from portal.database.address import DatabaseAddress
from portal.invoices.generating import InvoiceGeneration
from portal.mail.queue import MailQueue
from portal.plans.proration import first_instant
from portal.reconciliation.reconciling import Reconciliation
from portal_schema.nodes import to_global
from tests.plans.given import give_plan
from tests.product import Caller, Product, TenantUnderTest
from tests.reconciliation.days import sent
from tests.reconciliation.stored import add_discrepancy, add_margin_alert
from tests.schema.rows import let_support_see_content, open_session
from tests.schema.world import contents_at
from tests.usage.syncing import DAY, sync, use

LIST = """query ($filter: DiscrepancyFilter, $first: Int, $after: String) {
  discrepancies(filter: $filter, first: $first, after: $after) {
    nodes {
      id day category ours theirs ourCost { amount currency } theirCost { amount } difference { amount } reason
      closedAt closedBy note tenant { name }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""
CLOSE = """mutation ($id: ID!, $note: String!) {
  discrepancyClose(id: $id, note: $note) {
    discrepancy { closedAt closedBy note tenant { name } } errors { code path message }
  }
}"""
ALERTS = """query ($filter: MarginAlertFilter) { marginAlerts(filter: $filter) {
  nodes { id month expectedRatio actualRatio reason acknowledgedBy tenant { name } }
} }"""
ACKNOWLEDGE = """mutation ($id: ID!) {
  marginAlertAcknowledge(id: $id) { marginAlert { acknowledgedBy acknowledgedAt } errors { code path message } }
}"""
NODE = "query ($id: ID!) { node(id: $id) { id } }"


@pytest.fixture
async def operator(product: Product) -> Caller:
    return await product.member(None, StaffRole.ISV_OPERATOR)


async def listed(operator: Caller, **only: Any) -> list[dict[str, Any]]:
    """The discrepancies that a filter finds."""
    found: list[dict[str, Any]] = (await operator.run(LIST, filter=only))["discrepancies"]["nodes"]
    return found


async def test_the_operator_finds_discrepancies_by_tenant_reason_days_and_state(
    product: Product, operator: Caller
) -> None:
    falcon, gulls = await product.tenant("Falcon Flights"), await product.tenant("Gulls")
    first = await add_discrepancy(product, falcon.id, date(2026, 11, 5))
    product.clock.advance(timedelta(seconds=1))
    second = await add_discrepancy(product, gulls.id, date(2026, 11, 6), reason="LATE")
    (newest, oldest) = await listed(operator)
    assert oldest == {
        "id": first,
        "day": "2026-11-05",
        "category": "sms-outbound",
        "ours": "2",
        "theirs": "3",
        "ourCost": {"amount": "0.0158", "currency": "USD"},
        "theirCost": {"amount": "0.0237"},
        "difference": {"amount": "0.0079"},
        "reason": "UNKNOWN",
        "closedAt": None,
        "closedBy": None,
        "note": None,
        "tenant": {"name": "Falcon Flights"},
    }
    assert newest["id"] == second
    for only, expected in (
        ({"tenantId": to_global("Tenant", gulls.id)}, [second]),
        ({"reasons": ["UNKNOWN", "ROUNDING"]}, [first]),
        ({"reasons": []}, []),
        ({"range": {"from": "2026-11-05", "until": "2026-11-06"}}, [first]),
        ({"closed": True}, []),
        ({"closed": False, "reasons": ["LATE"], "tenantId": to_global("Tenant", falcon.id)}, []),
    ):
        assert [one["id"] for one in await listed(operator, **only)] == expected, only
    page = (await operator.run(LIST, first=1))["discrepancies"]
    assert page["pageInfo"]["hasNextPage"]
    rest = (await operator.run(LIST, first=1, after=page["pageInfo"]["endCursor"]))["discrepancies"]
    assert [one["id"] for one in (*page["nodes"], *rest["nodes"])] == [second, first]
    codes = await operator.codes(LIST, filter={"range": {"from": "2026-11-05", "until": "2026-11-05"}})
    assert codes == ["BAD_USER_INPUT"]


async def test_a_discrepancy_is_closed_once_with_a_note_and_no_tenant_s_log_tells_of_it(
    product: Product, operator: Caller, superuser: DatabaseAddress
) -> None:
    place = superuser.to(database=product.settings.database().database)
    tenant = await product.tenant()
    given = await add_discrepancy(product, tenant.id, date(2026, 11, 5))
    before = await contents_at(place)
    for note in ("", "  ", "two\nlines", "x" * 501):
        refused = (await operator.run(CLOSE, id=given, note=note))["discrepancyClose"]
        assert [(one["code"], one["path"]) for one in refused["errors"]] == [("INVALID", ["note"])]
    for unknown in (to_global("Discrepancy", tenant.id), "no id"):
        refused = (await operator.run(CLOSE, id=unknown, note="A note"))["discrepancyClose"]
        assert [(one["code"], one["path"]) for one in refused["errors"]] == [("NOT_FOUND", ["id"])]
    assert await contents_at(place) == before
    closed = (await operator.run(CLOSE, id=given, note=" Sent by hand "))["discrepancyClose"]
    assert closed["errors"] == []
    assert closed["discrepancy"]["note"] == "Sent by hand"
    assert closed["discrepancy"]["closedBy"] == "Isv_Operator"
    product.clock.advance(timedelta(minutes=1))
    again = (await operator.run(CLOSE, id=given, note="Sent by hand"))["discrepancyClose"]
    assert again == closed
    other = (await operator.run(CLOSE, id=given, note="Another"))["discrepancyClose"]
    assert [(one["code"], one["path"]) for one in other["errors"]] == [("CLOSED", ["id"])]
    owner = await product.member(tenant.id, TenantRole.OWNER)
    log = (await owner.run("{ auditLog { nodes { action } } }"))["auditLog"]["nodes"]
    assert "discrepancyClose" not in [one["action"] for one in log]


async def test_a_margin_alert_is_acknowledged_by_who_is_first(product: Product, operator: Caller) -> None:
    tenant = await product.tenant()
    given = await add_margin_alert(product, tenant.id, date(2026, 11, 1))
    found = (await operator.run(ALERTS, filter={"acknowledged": False}))["marginAlerts"]["nodes"]
    assert found == [
        {
            "id": given,
            "month": "2026-11",
            "expectedRatio": "0.03",
            "actualRatio": "0.01",
            "reason": "BELOW_PLAN",
            "acknowledgedBy": None,
            "tenant": {"name": "Falcon Flights"},
        }
    ]
    first = (await operator.run(ACKNOWLEDGE, id=given))["marginAlertAcknowledge"]
    assert (first["errors"], first["marginAlert"]["acknowledgedBy"]) == ([], "Isv_Operator")
    product.clock.advance(timedelta(minutes=1))
    assert (await operator.run(ACKNOWLEDGE, id=given))["marginAlertAcknowledge"] == first
    assert (await operator.run(ALERTS, filter={"acknowledged": False}))["marginAlerts"]["nodes"] == []
    absent = (await operator.run(ACKNOWLEDGE, id="no id"))["marginAlertAcknowledge"]
    assert [one["code"] for one in absent["errors"]] == ["NOT_FOUND"]


async def test_neither_a_tenant_nor_support_sees_what_concerns_the_isv_alone(
    product: Product, superuser: DatabaseAddress
) -> None:
    place = superuser.to(database=product.settings.database().database)
    tenant = await product.tenant()
    ids = {
        "discrepancy": await add_discrepancy(product, tenant.id, date(2026, 11, 5)),
        "margin alert": await add_margin_alert(product, tenant.id, date(2026, 11, 1)),
    }
    owner, support = (
        await product.member(tenant.id, TenantRole.OWNER),
        await product.member(None, StaffRole.ISV_SUPPORT),
    )
    await let_support_see_content(owner)
    await open_session(support, to_global("Tenant", tenant.id))
    before = await contents_at(place)
    for caller in (owner, tenant.machine, support):
        assert await caller.codes("{ discrepancies { nodes { theirCost { amount } } } }") == ["FORBIDDEN"]
        assert await caller.codes("{ marginAlerts { nodes { actualRatio } } }") == ["FORBIDDEN"]
        assert await caller.codes(CLOSE, id=ids["discrepancy"], note="Mine") == ["FORBIDDEN"]
        assert await caller.codes(ACKNOWLEDGE, id=ids["margin alert"]) == ["FORBIDDEN"]
        for given in ids.values():
            assert await caller.codes(NODE, id=given) == ["FORBIDDEN"]
    assert await contents_at(place) == before


async def _held_for_long(product: Product, tenant: TenantUnderTest, day: date) -> UUID:
    """The tenant's plan of four messages a month is held since before that day; the holding's key."""
    monthly: dict[str, Any] = {
        "allowance_amount": 4,
        "allowance_per": "MONTH",
        "at_limit": "OVERAGE",
        "overage": Decimal("0.50"),
    }
    await give_plan(product, tenant.id, strategy="TIER_WITH_OVERAGE", **monthly)
    since = first_instant(day) - timedelta(days=1)
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE tenant SET created_at = $2 WHERE id = $1", tenant.id, since)
        await tx.execute("UPDATE tenant_plan SET since = $2 WHERE tenant_id = $1", tenant.id, since)
        holding: UUID = await tx.value("SELECT id FROM tenant_plan WHERE tenant_id = $1", tenant.id)
    return holding


async def test_messages_sent_beside_the_portal_are_found_in_the_provider_s_records_and_are_on_the_invoice(
    product: Product, operator: Caller
) -> None:
    tenant = await product.tenant()
    day = product.clock.now().date().replace(day=1) - timedelta(days=3)  # the simulator's own clock is the real one
    await sent(product.database, tenant.id, await _held_for_long(product, tenant, day), day, 3)
    await use(product, tenant, day, "sms-outbound", 5, "0.0395")  # two by another hand, on the same account
    await use(product, tenant, day, "sms-inbound", 1, "0.0075")  # and an answer that never reached the portal
    await sync(product, tenant, day, day + DAY)
    await Reconciliation(product.database, MailQueue(product.box), product.url, product.clock).work_due()
    found = {one["category"]: one for one in await listed(operator)}
    out = found["sms-outbound"]
    assert (out["ours"], out["theirs"], out["reason"]) == ("5", "5", "UNKNOWN")
    assert out["note"] == f"Corrected for {day}: the carriers counted 5 messages, the portal 3."
    received = found["sms-inbound"]
    assert (received["ours"], received["theirs"], received["closedAt"]) == ("0", "1", None)
    generation = InvoiceGeneration(product.database, product.clock)
    await generation.work_due()
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        assert await tx.value("SELECT held_for FROM invoice WHERE tenant_id = $1", tenant.id) == "DISCREPANCY"
    closed = await operator.run(CLOSE, id=received["id"], note="It came while the portal was down.")
    assert closed["discrepancyClose"]["errors"] == []
    product.clock.advance(timedelta(hours=2))
    await generation.work_due()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    lines = "{ invoices { nodes { total { amount } lines { description quantity amount { amount } } } } }"
    (invoice,) = (await owner.run(lines))["invoices"]["nodes"]
    over = [one for one in invoice["lines"] if "over the allowance" in one["description"]]
    assert [(one["quantity"], one["amount"]["amount"]) for one in over] == [("1", "0.5")]
