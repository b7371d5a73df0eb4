"""Calls to a number: forwarded, announced or rejected as its rule says, and what a forward may cost is kept to."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx2

from auth.permissions import TenantRole
from tests.calls.voice import UPDATE, all_ended, calls, cap, give_price, number_of, somebody_calls, spend
from tests.product import Caller, Product, TenantUnderTest

CALLER, TARGET = "+12025550143", "+12025550188"


async def _rule(caller: Caller, number: str, **voice: Any) -> Any:
    return (await caller.run(UPDATE, id=number, input={"voice": voice}))["numberUpdate"]


async def _tenant(product: Product, **voice: Any) -> tuple[TenantUnderTest, Caller, str]:
    """A tenant whose minutes cost 0.02, with a cap of 5 and this rule; its owner, and its number."""
    tenant = await product.tenant()
    await give_price(product, tenant, countries=("US",))
    owner = await product.member(tenant.id, TenantRole.OWNER)
    await cap(owner, "5")
    number = await number_of(tenant)
    if voice:
        assert (await _rule(owner, number, **voice))["errors"] == []
    return tenant, owner, number


async def test_a_call_is_forwarded_and_both_of_its_halves_are_logged_and_the_called_one_paid(product: Product) -> None:
    tenant, owner, _ = await _tenant(product, action="FORWARD", forwardTo="(202) 555-0188")
    await somebody_calls(product, tenant)
    assert await spend(owner) == (0, Decimal("1.2"))  # an hour at most
    await all_ended(product, tenant, {"COMPLETED"})
    forwarded, received = sorted(await calls(tenant), key=lambda call: call["direction"], reverse=True)
    assert received == {
        "direction": "INBOUND",
        "status": "COMPLETED",
        "issue": None,
        "durationSeconds": 62,
        "minutes": 2,
        "sender": {"number": CALLER},
        "recipient": {"number": tenant.number},
    }
    numbers = {"sender": {"number": tenant.number}, "recipient": {"number": TARGET}}
    assert forwarded == received | numbers | {"direction": "OUTBOUND"}
    assert await spend(owner) == (Decimal("0.04"), 0)


async def test_a_forward_is_cut_to_what_the_cap_leaves_and_announced_where_that_is_no_minute(product: Product) -> None:
    rule = {"action": "FORWARD", "forwardTo": TARGET, "announcement": "We are closed.", "language": "EN_GB"}
    tenant, owner, _ = await _tenant(product, **rule)
    await cap(owner, "0.03")
    await somebody_calls(product, tenant)
    await all_ended(product, tenant, {"COMPLETED"})
    assert [(call["durationSeconds"], call["minutes"]) for call in await calls(tenant)] == [(60, 1), (60, 1)]
    product.clock.advance(timedelta(seconds=1))
    await somebody_calls(product, tenant)
    await all_ended(product, tenant, {"COMPLETED"})
    announced = (await calls(tenant))[0]
    assert (announced["direction"], announced["issue"], announced["durationSeconds"]) == (
        "INBOUND",
        "SPEND_CAP_REACHED",
        1,
    )
    assert len(await calls(tenant)) == 3
    assert await spend(owner) == (Decimal("0.02"), 0)


async def test_a_call_is_announced_or_rejected_by_rule_and_rejected_where_there_is_none(product: Product) -> None:
    tenant, owner, number = await _tenant(product)
    expected: list[tuple[str, str]] = []
    for rule, status in (
        (None, "NO_ANSWER"),
        ({"action": "ANNOUNCE", "announcement": "Hello </Say><Dial>+12025550188</Dial> & bye"}, "COMPLETED"),
        ({"action": "REJECT"}, "NO_ANSWER"),
    ):
        product.clock.advance(timedelta(seconds=1))
        if rule is not None:
            assert (await _rule(owner, number, **rule))["errors"] == []
        await somebody_calls(product, tenant)
        expected.insert(0, ("INBOUND", status))
        await all_ended(product, tenant, {"COMPLETED", "NO_ANSWER"})
        assert [(call["direction"], call["status"]) for call in await calls(tenant)] == expected
    assert await spend(owner) == (0, 0)


async def test_a_forward_whose_country_left_the_plan_and_a_caller_who_is_its_target_are_not_forwarded(
    product: Product,
) -> None:
    tenant, owner, _ = await _tenant(product, action="FORWARD", forwardTo=TARGET)
    await somebody_calls(product, tenant, TARGET)
    await give_price(product, tenant, countries=("CA",))
    product.clock.advance(timedelta(seconds=1))
    await somebody_calls(product, tenant)
    await all_ended(product, tenant, {"NO_ANSWER"})
    assert [(call["direction"], call["issue"]) for call in await calls(tenant)] == [
        ("INBOUND", "COUNTRY_NOT_IN_PLAN"),
        ("INBOUND", None),
    ]
    assert await spend(owner) == (0, 0)


async def test_a_rule_that_could_ruin_the_tenant_or_means_nothing_is_refused_and_the_old_one_stays(
    product: Product,
) -> None:
    tenant, owner, number = await _tenant(product, action="ANNOUNCE", announcement="Hello")
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"action": "FORWARD", "forwardTo": tenant.number}, "OWN_NUMBER", "forwardTo"),
        ({"action": "FORWARD", "forwardTo": "+19005550100"}, "PREMIUM_NUMBER", "forwardTo"),
        ({"action": "FORWARD", "forwardTo": "+442079460000"}, "COUNTRY_NOT_IN_PLAN", "forwardTo"),
        ({"action": "FORWARD", "forwardTo": "911"}, "INVALID_NUMBER", "forwardTo"),
        ({"action": "FORWARD"}, "INVALID", "forwardTo"),
        ({"action": "REJECT", "announcement": "No."}, "INVALID", "announcement"),
        ({"action": "ANNOUNCE"}, "INVALID", "announcement"),
        ({"action": "ANNOUNCE", "announcement": "x" * 701}, "INVALID", "announcement"),
    ]
    for rule, code, field in cases:
        refused = await _rule(owner, number, **rule)
        assert refused["errors"] == [{"code": code, "path": ["input", "voice", field]}], rule
    long = (await owner.run(UPDATE, id=number, input={"label": " "}))["numberUpdate"]["errors"]
    assert long == [{"code": "INVALID", "path": ["input", "label"]}]
    kept = await owner.run(UPDATE, id=number, input={"label": "Shop"})
    assert kept["numberUpdate"]["number"] == {
        "label": "Shop",
        "voice": {"action": "ANNOUNCE", "forwardTo": None, "announcement": "Hello", "language": "EN_US"},
    }


async def test_a_number_says_what_it_can_do_and_how_fast(product: Product) -> None:
    tenant = await product.tenant()
    asked = "{ numbers { nodes { number label kind capabilities country ready throughput voice { action } } } }"
    assert (await tenant.machine.run(asked))["numbers"]["nodes"] == [
        {
            "number": tenant.number,
            "label": "Falcon Flights",
            "kind": "LOCAL",
            "capabilities": ["SMS", "MMS", "VOICE"],
            "country": "US",
            "ready": True,
            "throughput": "1000.000",  # as the tests register it
            "voice": None,
        }
    ]


async def test_only_the_provider_asks_what_becomes_of_a_call(product: Product) -> None:
    tenant, _, _ = await _tenant(product, action="FORWARD", forwardTo=TARGET)
    form = {"AccountSid": tenant.account_sid, "CallSid": "CA1", "CallStatus": "ringing", "Direction": "inbound"}
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        answer = await http.post(
            f"{product.url}/webhooks/twilio/{tenant.id}/inbound-calls",
            data=form | {"From": CALLER, "To": tenant.number},
            headers={"X-Twilio-Signature": "forged"},
        )
    assert answer.status_code == 403
    assert await calls(tenant) == []
