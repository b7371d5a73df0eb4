"""Calls that are made: said once, whatever breaks, within the cap, and never to who does not want it."""

import contextlib
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from auth.permissions import TenantRole
from portal.calls.dialing import CONFIRM_AFTER, EXPIRES_AFTER, GRACE
from portal.calls.recording import ASK_AFTER
from portal.database import DatabaseRole
from portal.shield.areas import TrafficKind, area_of
from portal.shield.detector import PauseReason
from portal.shield.pauses import pause
from tests.calls.voice import all_ended, at_the_provider, call_by_hand, calls, cap, give_price, make, spend
from tests.product import Product, TenantUnderTest
from tests.schema.rows import add_contact, add_suppression
from tests.waiting import until

TOLD = "{ alerts(first: 9) { nodes { kind } } trafficPauses { refused lossAvoided { amount } } }"


async def _taken(product: Product, tenant: TenantUnderTest, count: int) -> None:
    assert [call["direction"] for call in await at_the_provider(product, tenant)] == ["outbound-api"] * count


async def test_a_contact_is_called_once_and_the_call_is_logged_counted_and_paid_by_its_minutes(
    product: Product,
) -> None:
    tenant = await product.tenant()
    await give_price(product, tenant)
    owner = await product.member(tenant.id, TenantRole.OWNER)
    await cap(owner, "1")
    contact = await add_contact(tenant.machine, "+12025550100")
    made = await make(tenant.machine, number=None, contactId=contact, announcement="x" * 700)  # two minutes at most
    assert made["errors"] == []
    assert made["call"] | {"id": ""} == {
        "id": "",
        "status": "QUEUED",
        "announcement": "x" * 700,
        "sender": {"number": tenant.number},
        "recipient": {"number": "+12025550100", "country": "US"},
    }
    again = await make(tenant.machine, number=None, contactId=contact, announcement="x" * 700)
    assert (again["call"]["id"], again["idempotentReplay"]) == (made["call"]["id"], True)
    other = await make(tenant.machine, number=None, contactId=contact, announcement="y")
    assert [error["code"] for error in other["errors"]] == ["IDEMPOTENCY_CONFLICT"]
    assert await spend(owner) == (0, Decimal("0.04"))
    assert await product.dialer.work_due() == 1
    await all_ended(product, tenant, {"COMPLETED"})
    (call,) = await calls(tenant)
    assert call == {
        "direction": "OUTBOUND",
        "status": "COMPLETED",
        "issue": None,
        "durationSeconds": 47,
        "minutes": 1,
        "sender": {"number": tenant.number},
        "recipient": {"number": "+12025550100"},
    }
    assert await spend(owner) == (Decimal("0.02"), 0)
    assert await product.dialer.work_due() == 0
    await _taken(product, tenant, 1)


async def _ended_at_the_provider(product: Product, tenant: TenantUnderTest, count: int) -> None:
    async def ended() -> bool:
        return [call["status"] for call in await at_the_provider(product, tenant)] == ["completed"] * count

    await until(ended)


@pytest.mark.parametrize("number", ["+12025550151", "+12025550160"])
async def test_a_call_that_was_taken_without_an_answer_is_settled_by_its_callback(
    product: Product, number: str
) -> None:
    tenant = await product.tenant()
    await make(tenant.machine, number)
    await product.dialer.work_due()
    await all_ended(product, tenant, {"COMPLETED"})
    product.clock.advance(timedelta(hours=2))
    assert await product.dialer.work_due() == 0
    await _taken(product, tenant, 1)


@pytest.mark.parametrize("number", ["+12025550150", "+12025550161"])
async def test_a_call_that_was_never_taken_is_made_again_after_the_grace_period(product: Product, number: str) -> None:
    tenant = await product.tenant()
    await make(tenant.machine, number)
    await product.dialer.work_due()
    product.clock.advance(CONFIRM_AFTER)
    await product.dialer.work_due()
    await _taken(product, tenant, 0)
    product.clock.advance(GRACE)
    await product.dialer.work_due()
    await product.dialer.work_due()
    await all_ended(product, tenant, {"COMPLETED"})
    await _taken(product, tenant, 1)


async def test_calls_without_an_answer_are_found_in_the_log_when_it_has_as_many(product: Product) -> None:
    tenant = await product.tenant()
    for key in ("one", "its twin"):
        await make(tenant.machine, "+12025550160", idempotencyKey=key)
    await product.dialer.work_due()
    await _ended_at_the_provider(product, tenant, 2)
    product.clock.advance(CONFIRM_AFTER)
    await product.dialer.work_due()
    assert [call["status"] for call in await calls(tenant)] == ["COMPLETED"] * 2
    await _taken(product, tenant, 2)


async def test_what_the_log_cannot_tell_apart_is_given_up_and_never_made_again(product: Product) -> None:
    tenant = await product.tenant()
    await give_price(product, tenant)
    owner = await product.member(tenant.id, TenantRole.OWNER)
    await cap(owner, "1")
    await make(tenant.machine, "+12025550160")
    await product.dialer.work_due()
    with contextlib.suppress(httpx2.HTTPError):  # whose connection is cut
        await call_by_hand(product, tenant, "+12025550160")
    for _ in range(3):
        product.clock.advance(GRACE)
        await product.dialer.work_due()
    assert [(call["status"], call["issue"]) for call in await calls(tenant)] == [("FAILED", "UNCONFIRMED")]
    assert await spend(owner) == (0, 0)
    await _taken(product, tenant, 2)


async def test_a_call_of_which_no_callback_comes_is_asked_about(product: Product) -> None:
    tenant = await product.tenant()
    tenant.machine = await product.member(tenant.id, TenantRole.OWNER)  # whose session lasts longer than a token
    await make(tenant.machine, "+12025550173")
    await product.dialer.work_due()
    await _ended_at_the_provider(product, tenant, 1)
    assert [call["status"] for call in await calls(tenant)] == ["QUEUED"]
    product.clock.advance(ASK_AFTER)
    await product.dialer.work_due()
    assert [(call["status"], call["minutes"]) for call in await calls(tenant)] == [("COMPLETED", 1)]


async def test_busy_and_refused_calls_cost_nothing(product: Product) -> None:
    tenant = await product.tenant()
    await give_price(product, tenant)
    owner = await product.member(tenant.id, TenantRole.OWNER)
    await cap(owner, "1")
    for number in ("+12025550130", "+12025550111", "+12025550129"):
        await make(tenant.machine, number, idempotencyKey=number)
    for _ in range(4):  # one is throttled twice
        await product.dialer.work_due()
        product.clock.advance(timedelta(seconds=10))
    await all_ended(product, tenant, {"BUSY", "FAILED", "COMPLETED"})
    found = {call["recipient"]["number"]: (call["status"], call["issue"]) for call in await calls(tenant)}
    assert found == {
        "+12025550130": ("BUSY", None),
        "+12025550111": ("FAILED", "PROVIDER_REFUSED"),
        "+12025550129": ("COMPLETED", None),
    }
    assert await spend(owner) == (Decimal("0.02"), 0)
    await _taken(product, tenant, 2)


async def test_who_left_meanwhile_is_not_called_and_what_waited_too_long_is_not_said(product: Product) -> None:
    tenant = await product.tenant()
    tenant.machine = await product.member(tenant.id, TenantRole.OWNER)  # whose session lasts longer than a token
    for number in ("+12025550100", "+12025550109"):
        await make(tenant.machine, number, idempotencyKey=number)
    await add_suppression(tenant.machine, "+12025550100")
    product.clock.advance(EXPIRES_AFTER + timedelta(seconds=1))
    await product.dialer.work_due()
    found = {call["recipient"]["number"]: (call["status"], call["issue"]) for call in await calls(tenant)}
    assert found == {"+12025550100": ("CANCELED", "OPTED_OUT"), "+12025550109": ("FAILED", "EXPIRED")}
    await _taken(product, tenant, 0)


async def test_a_refused_call_says_why_and_where_and_costs_nothing(product: Product) -> None:
    tenant, other = await product.tenant(), await product.tenant()
    await give_price(product, tenant, one="100", countries=("US",))
    owner = await product.member(tenant.id, TenantRole.OWNER)
    await cap(owner, "1")
    await add_suppression(tenant.machine, "+12025550101")
    await owner.run('mutation { settingsUpdate(input: {topics: ["News"]}) { errors { code } } }')
    async with product.database.for_tenant(tenant.id) as tx:
        sql = (
            "INSERT INTO consumer (tenant_id, number, declined_topics, quiet_from, quiet_until) "
            "VALUES ($1, '+12025550104', '{News}', '00:00', '23:59:59')"
        )
        await tx.execute(sql, tenant.id)
        found = {area_of("+13055550105"): PauseReason.NEIGHBOURS}
        await pause(tx, TrafficKind.CALL, found, ("USD", "USD"), now=product.clock.now())
    foreign = await add_contact(other.machine, "+12025550102")
    cases: list[tuple[dict[str, Any], str, list[str] | None]] = [
        ({"number": "12"}, "INVALID_NUMBER", ["input", "number"]),
        ({"number": None}, "INVALID", ["input", "contactId"]),
        ({"contactId": foreign}, "INVALID", ["input", "contactId"]),
        ({"number": None, "contactId": foreign}, "NOT_FOUND", ["input", "contactId"]),
        ({"senderId": foreign}, "NOT_FOUND", ["input", "senderId"]),
        ({"announcement": " "}, "INVALID", ["input", "announcement"]),
        ({"announcement": "x" * 701}, "INVALID", ["input", "announcement"]),
        ({"announcement": "a\x07b"}, "INVALID", ["input", "announcement"]),
        ({"topic": "Offers"}, "INVALID", ["input", "topic"]),
        ({"number": "+12025550101"}, "OPTED_OUT", ["input", "number"]),
        ({"number": "+12025550104", "topic": "News"}, "PREFERENCE", ["input", "number"]),
        ({"number": "+12025550104"}, "QUIET_HOURS", ["input", "number"]),
        ({"number": "+12025550104", "respectQuietHours": False}, "SPEND_CAP_REACHED", None),
        ({"number": "+13055550105"}, "PAUSED", ["input", "number"]),
        ({"number": "+442079460000"}, "COUNTRY_NOT_IN_PLAN", ["input", "number"]),
        ({}, "SPEND_CAP_REACHED", None),
    ]
    for what, code, path in cases:
        answer = await make(tenant.machine, **({"number": "+12025550100"} | what))
        assert [(error["code"], error["path"]) for error in answer["errors"]] == [(code, path)], what
    told = await owner.run(TOLD)
    assert "SPEND_CAP" in {alert["kind"] for alert in told["alerts"]["nodes"]}
    (stopped,) = told["trafficPauses"]
    assert (stopped["refused"], Decimal(stopped["lossAvoided"]["amount"])) == (1, Decimal(200))
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE tenant SET state = 'SUSPENDED' WHERE id = $1", tenant.id)
    stopped = await make(tenant.machine)
    assert [error["code"] for error in stopped["errors"]] == ["TENANT_NOT_ACTIVE"]
    assert await calls(tenant) == []
    assert await spend(owner) == (0, 0)
