"""What the provider tells of registrations is kept once, whichever way and however often it comes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.callbacks.applying import Callback
from portal.callbacks.inbox import CallbackInbox, CallbackKind, ReceivedCallback
from portal.clock import new_id
from portal.onboarding.heard import events_in
from tests.product import Product, TenantUnderTest

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
JSON = st.none() | st.integers(-9, 9) | st.text(max_size=5) | st.lists(st.text(max_size=2), max_size=2)


def _event(id: str, **more: Any) -> dict[str, Any]:
    """A CloudEvent as the provider's stream brings it."""
    type_ = "com.twilio.messaging.compliance.brand-registration.brand-failure"
    time = "2026-11-27T11:59:58.000Z"
    return {"specversion": "1.0", "id": id, "type": type_, "time": time, "data": {"brandsid": "BN1"}} | more


def _callback(kind: CallbackKind, content: Any, token: str | None = None) -> Callback:
    return Callback(new_id(NOW), kind, content, NOW, None, token)


async def _tell(product: Product, tenant: TenantUnderTest, kind: CallbackKind, content: Any, token: str | None) -> None:
    await CallbackInbox(product.database, product.clock).receive(
        ReceivedCallback(tenant.id, kind, content, token=token)
    )


async def _kept(product: Product, tenant: TenantUnderTest) -> list[tuple[str, str, Any]]:
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        rows = await tx.rows("SELECT provider_id, type, data FROM provider_event ORDER BY provider_id")
    return [(row["provider_id"], row["type"], orjson.loads(row["data"])) for row in rows]


async def test_events_of_a_stream_are_kept_once_with_all_that_they_hold(product: Product) -> None:
    falcon, freestyle = await product.tenant(), await product.tenant()
    first, second = _event("EZ1", novelty={"a": [1]}), _event("EZ2")
    await _tell(product, falcon, CallbackKind.EVENT_STREAM, [first, second], "t1")
    await _tell(product, falcon, CallbackKind.EVENT_STREAM, [second], "t2")
    await _tell(product, falcon, CallbackKind.EVENT_STREAM, [], "t3")
    assert await product.apply_callbacks() == 3
    await _tell(product, falcon, CallbackKind.EVENT_STREAM, [first, first], "t1")
    assert await product.apply_callbacks() == 1
    assert await _kept(product, falcon) == [("EZ1", first["type"], first), ("EZ2", second["type"], second)]
    assert await _kept(product, freestyle) == []


async def test_a_form_is_known_by_its_token_and_without_one_by_its_fields(product: Product) -> None:
    tenant = await product.tenant()
    fields = {"Status": "twilio-approved", "Sid": "BU1"}
    for content, token in ((fields, "t1"), (fields, "t1"), (fields, None), (dict(reversed(fields.items())), None)):
        await _tell(product, tenant, CallbackKind.TRUST_HUB, content, token)
    await product.apply_callbacks()
    kept = await _kept(product, tenant)
    assert [(type_, data) for _, type_, data in kept] == [("TRUST_HUB", fields)] * 2
    assert "t1" in {provider_id for provider_id, _, _ in kept}


@pytest.mark.parametrize(
    ("told", "at"),
    [
        ("2026-11-27T11:59:58Z", NOW - timedelta(seconds=2)),
        ("2026-11-27T12:59:58+01:00", NOW - timedelta(seconds=2)),
        ("2027-01-01T00:00:00Z", NOW),  # nothing happens after it was heard of
        ("2026-11-27T11:59:58", NOW),
        ("yesterday", NOW),
        (None, NOW),
        (17, NOW),
        ("0001-01-01T00:00:00+14:00", NOW),
    ],
)
def test_when_it_happened_is_what_the_event_says_where_that_can_be(told: object, at: datetime) -> None:
    (event,) = events_in(_callback(CallbackKind.EVENT_STREAM, [_event("EZ1", time=told)]))
    assert event.at == at


@given(st.lists(st.dictionaries(st.sampled_from(["id", "type", "time", "data", "x"]), JSON), max_size=4))
def test_no_content_breaks_it_and_the_same_content_is_the_same_event(content: list[dict[str, Any]]) -> None:
    events = list(events_in(_callback(CallbackKind.EVENT_STREAM, content)))
    again = list(events_in(_callback(CallbackKind.EVENT_STREAM, [dict(reversed(one.items())) for one in content])))
    assert [event.provider_id for event in again] == [event.provider_id for event in events]
    assert [event.data for event in events] == content
