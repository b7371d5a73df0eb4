"""50, 80 and 100 percent of an allowance are told of, each once in a period, however many send at once."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.permissions import machine_permissions
from portal.plans.thresholds import newly_reached
from portal.webhooks.delivering import WebhookDelivery
from tests.product import Product
from tests.schema.rows import add_contact, send
from tests.webhooks.conftest import integrate
from tests.webhooks.receiver import Receiver

CANCEL = "mutation ($id: ID!) { messageCancel(id: $id) { canceled errors { code } } }"
ALERTS = "{ alerts { nodes { kind code count } } }"


@pytest.mark.parametrize("at_once", [False, True])
async def test_each_threshold_is_told_once_in_a_period(
    at_once: bool,  # noqa: FBT001  a parameter of the test
    product: Product,
    receiver: Receiver,
    delivery: WebhookDelivery,
) -> None:
    integration = await integrate(product, allowance=5)
    await integration.create(receiver.url, ["ALLOWANCE_THRESHOLD"])
    machine = integration.tenant.machine
    contacts = [await add_contact(machine, f"+1202555010{number}") for number in range(5)]
    sends = [send(machine, [contact], body="Hello") for contact in contacts]
    batches = await asyncio.gather(*sends) if at_once else [await one for one in sends]
    canceled = await machine.run(CANCEL, id=batches[0]["id"])
    assert canceled["messageCancel"]["errors"] == []
    await send(machine, [contacts[0]], body="Hello")  # it is used up a second time
    await delivery.run_once()
    told = sorted((one.event["data"] for one in receiver.requests), key=lambda data: data["percent"])
    assert [(one["percent"], one["limit"], one["used"] + one["reserved"]) for one in told] == [
        (50, 5, 3),
        (80, 5, 4),
        (100, 5, 5),
    ]
    alerts = (await integration.owner.run(ALERTS))["alerts"]["nodes"]
    assert sorted((one["kind"], one["code"], one["count"]) for one in alerts) == [
        ("USAGE_THRESHOLD", "ALLOWANCE_100", 1),
        ("USAGE_THRESHOLD", "ALLOWANCE_50", 1),
        ("USAGE_THRESHOLD", "ALLOWANCE_80", 1),
    ]
    product.clock.advance(timedelta(days=1))
    fresh = await product.machine(integration.tenant.id, machine_permissions())
    await send(fresh, contacts, body="Hello")
    await delivery.run_once()
    assert sorted(one.event["data"]["percent"] for one in receiver.requests[3:]) == [50, 80, 100]


@given(st.integers(1, 1000), st.lists(st.integers(0, 300), max_size=20))
def test_whatever_is_sent_no_threshold_is_told_twice_and_none_is_left_out(limit: int, units: list[int]) -> None:
    told: list[int] = []
    committed = 0
    for more in units:
        committed += more
        told += newly_reached(limit, committed, max(told, default=0))
    assert told == [percent for percent in (50, 80, 100) if committed * 100 >= percent * limit]
    assert newly_reached(None, committed, 0) == []
