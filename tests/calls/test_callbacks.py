"""Callbacks about calls: what they leave in the log and in the usage, in any order and however often."""

import asyncio
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from twilio.request_validator import RequestValidator

from auth.permissions import Permission, TenantRole
from portal.callbacks.inbox import CallbackInbox, CallbackKind, ReceivedCallback
from tests.calls.callbacks import RECIPIENT, SENDER, fields_of, receive
from tests.messages.callbacks import Twilio
from tests.product import Caller, Product, TenantUnderTest

CALLS = """query ($filter: CallFilter) {
  calls(first: 100, filter: $filter) {
    nodes {
      direction status statusAt startedAt durationSeconds minutes
      sender { maskedNumber number } recipient { maskedNumber number country }
    }
  }
}"""
MASKED = "{ calls { nodes { sender { maskedNumber } recipient { maskedNumber country } minutes } } }"
USAGE = "{ usage(input: {period: TODAY}) { categories { category label count countUnit usage usageUnit } } }"


async def _calls(caller: Caller, **only: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await caller.run(CALLS, filter=only or None))["calls"]["nodes"]
    return found


async def _usage(caller: Caller) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await caller.run(USAGE))["usage"]["categories"]
    return found


def _answered(tenant: TenantUnderTest, begin: datetime) -> list[dict[str, str]]:
    """All that comes of a call that is answered after five seconds and takes 61."""
    return [
        fields_of(tenant, "initiated", begin, SequenceNumber="0"),
        fields_of(tenant, "ringing", begin + timedelta(seconds=1), SequenceNumber="1"),
        fields_of(tenant, "in-progress", begin + timedelta(seconds=5), SequenceNumber="2"),
        fields_of(tenant, "completed", begin + timedelta(seconds=66), SequenceNumber="3", CallDuration="61"),
    ]


def _written(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def test_every_order_of_a_call_s_callbacks_leaves_the_same_call_and_counts_it_once(product: Product) -> None:
    begin = product.clock.now().replace(microsecond=0)
    tenant = await product.tenant()
    orders = list(permutations(range(4)))
    for place, order in enumerate(orders):
        forms = [_answered(tenant, begin)[index] | {"CallSid": f"CA{place:032}"} for index in order]
        await receive(product, tenant, *forms[: place % 5], *forms[:2], *forms)  # some twice, and in other batches
        await receive(product, tenant, *forms[1:])
    expected = {
        "direction": "OUTBOUND",
        "status": "COMPLETED",
        "statusAt": _written(begin + timedelta(seconds=66)),
        "startedAt": _written(begin + timedelta(seconds=5)),
        "durationSeconds": 61,
        "minutes": 2,
        "sender": {"maskedNumber": "+1••••••••43", "number": SENDER},
        "recipient": {"maskedNumber": "+4•••••••••56", "number": RECIPIENT, "country": "GB"},
    }
    assert await _calls(tenant.machine) == [expected] * len(orders)
    assert await _usage(tenant.machine) == [
        {
            "category": "calls-outbound",
            "label": "Calls made",
            "count": len(orders),
            "countUnit": "calls",
            "usage": 2 * len(orders),
            "usageUnit": "minutes",
        }
    ]


@pytest.mark.parametrize(
    ("told", "status"),
    [("busy", "BUSY"), ("no-answer", "NO_ANSWER"), ("failed", "FAILED"), ("canceled", "CANCELED")],
)
async def test_a_call_that_nobody_answered_began_no_minute_and_counts_as_no_usage(
    told: str, status: str, product: Product
) -> None:
    tenant = await product.tenant()
    begin = product.clock.now()
    ringing = fields_of(tenant, "ringing", begin)
    ended = fields_of(tenant, told, begin + timedelta(seconds=20), CallDuration="0")
    await receive(product, tenant, ended, ringing)
    (call,) = await _calls(tenant.machine)
    assert (call["status"], call["startedAt"], call["durationSeconds"], call["minutes"]) == (status, None, 0, 0)
    assert await _usage(tenant.machine) == []


async def test_an_inbound_call_of_which_only_the_end_is_heard_is_known_whole(product: Product) -> None:
    tenant = await product.tenant()
    end = product.clock.now().replace(microsecond=0)
    form = fields_of(tenant, "completed", end, Direction="inbound", From="anonymous", To=SENDER, CallDuration="90")
    await receive(product, tenant, form)
    (call,) = await _calls(tenant.machine)
    assert (call["direction"], call["startedAt"], call["minutes"]) == ("INBOUND", _written(end - timedelta(0, 90)), 2)
    assert call["sender"] == {"maskedNumber": "an•••••us", "number": "anonymous"}
    assert call["recipient"]["country"] == "US"
    (used,) = await _usage(tenant.machine)
    assert (used["category"], used["count"], used["usage"]) == ("calls-inbound", 1, 2)


async def test_calls_are_filtered_by_status_direction_and_time(product: Product) -> None:
    tenant = await product.tenant()
    early = product.clock.now()
    await receive(product, tenant, fields_of(tenant, "busy", early, sid="CA1"))
    product.clock.advance(timedelta(minutes=5))
    late = product.clock.now()
    await receive(product, tenant, fields_of(tenant, "ringing", late, sid="CA2", Direction="inbound"))
    caller = tenant.machine
    assert [call["status"] for call in await _calls(caller)] == ["RINGING", "BUSY"]
    assert [call["status"] for call in await _calls(caller, status=["BUSY", "FAILED"])] == ["BUSY"]
    assert [call["status"] for call in await _calls(caller, direction="INBOUND")] == ["RINGING"]
    span = {"from": early.isoformat(), "until": late.isoformat()}
    assert [call["status"] for call in await _calls(caller, createdIn=span)] == ["BUSY"]
    span = {"from": late.isoformat(), "until": (late + timedelta(0, 1)).isoformat()}
    assert [call["status"] for call in await _calls(caller, createdIn=span)] == ["RINGING"]
    assert await _calls(caller, status=[]) == []


async def test_whoever_may_not_read_content_sees_masked_numbers(product: Product) -> None:
    tenant = await product.tenant()
    await receive(product, tenant, fields_of(tenant, "completed", product.clock.now(), CallDuration="1"))
    masked = {
        "sender": {"maskedNumber": "+1••••••••43"},
        "recipient": {"maskedNumber": "+4•••••••••56", "country": "GB"},
        "minutes": 1,
    }
    member = await product.member(tenant.id, TenantRole.SUPPORT)
    assert await member.run(MASKED) == {"calls": {"nodes": [masked]}}
    assert await member.codes("{ calls { nodes { sender { number } } } }") == ["FORBIDDEN"]
    machine = await product.machine(tenant.id, [Permission.USAGE_READ])
    assert await machine.codes(MASKED) == ["FORBIDDEN"]


async def test_what_cannot_be_read_or_tells_of_no_call_stops_no_other(product: Product) -> None:
    tenant = await product.tenant()
    now = product.clock.now()
    good = fields_of(tenant, "ringing", now)
    strange = [
        {},
        {"CallSid": "CA1"},
        fields_of(tenant, "levitating", now, sid="CA2"),
        {name: value for name, value in good.items() if name != "From"},
    ]
    odd = fields_of(tenant, "completed", now, sid="CA3", CallDuration="9" * 5_000, Timestamp="yesterday")
    await receive(product, tenant, *strange, odd, good)
    calls = sorted((call["status"], call["minutes"]) for call in await _calls(tenant.machine))
    assert calls == [("COMPLETED", None), ("RINGING", None)]
    assert await product.apply_callbacks() == 0


async def test_workers_that_apply_at_once_make_one_call_and_count_it_once(product: Product) -> None:
    tenant = await product.tenant()
    inbox = CallbackInbox(product.database, product.clock)
    begin = product.clock.now()
    for _ in range(10):
        forms = [form | {"CallSid": f"CA{number}"} for number in range(10) for form in _answered(tenant, begin)]
        await asyncio.gather(
            *(inbox.receive(ReceivedCallback(tenant.id, CallbackKind.CALL_STATUS, form)) for form in forms),
            *(product.apply_callbacks() for _ in range(3)),
        )
    while await product.apply_callbacks():
        pass
    assert [call["status"] for call in await _calls(tenant.machine)] == ["COMPLETED"] * 10
    (used,) = await _usage(tenant.machine)
    assert (used["count"], used["usage"]) == (10, 20)


async def test_another_tenant_s_call_of_the_same_reference_is_another_call(product: Product) -> None:
    tenants = [await product.tenant(), await product.tenant()]
    for tenant, status in zip(tenants, ("ringing", "busy"), strict=True):
        await receive(product, tenant, fields_of(tenant, status, product.clock.now()))
    found = [[call["status"] for call in await _calls(tenant.machine)] for tenant in tenants]
    assert found == [["RINGING"], ["BUSY"]]


async def test_a_signed_callback_becomes_a_call_and_a_forged_one_does_not(product: Product) -> None:
    tenant = await product.tenant()
    url = f"{product.url}/webhooks/twilio/{tenant.id}/calls"
    form = fields_of(tenant, "ringing", product.clock.now())
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        twilio = Twilio(product, http)
        answers = []
        for token in ("somebody else's token", tenant.auth_token):
            signature = RequestValidator(token).compute_signature(url, form)
            answers.append(await twilio.post(url, signature, urlencode(form).encode()))
            await product.apply_callbacks()
            answers.append(len(await _calls(tenant.machine)))
    assert answers == [403, 0, 204, 1]
