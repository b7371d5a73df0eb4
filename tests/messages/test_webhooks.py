"""Callbacks over HTTP: only Twilio's own words count, and what was acknowledged is on disk."""

import asyncio
from collections.abc import AsyncIterator
from itertools import combinations, permutations
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx2
import orjson
import pytest
from twilio.request_validator import RequestValidator

from portal.clock import new_id
from portal.messages.status import MessageStatus, rank
from tests.messages.callbacks import FORM, Twilio, fields_of
from tests.messages.traffic import (
    Books,
    add_contacts,
    balanced_books,
    deaf_dispatcher,
    messages,
    plain_numbers,
    send,
    statuses,
    timeline,
)
from tests.product import Product, TenantUnderTest

_Status = MessageStatus


@pytest.fixture
async def twilio(product: Product) -> AsyncIterator[Twilio]:
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as http:
        yield Twilio(product, http)


@pytest.fixture
async def tenant(product: Product) -> TenantUnderTest:
    return await product.tenant()


async def _sent(product: Product, tenant: TenantUnderTest, count: int = 1) -> list[UUID]:
    """Messages that have left, whose callbacks the test makes itself."""
    await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(count)))
    await deaf_dispatcher(product).run_once()
    return [row["id"] for row in await messages(product, tenant)]


async def _inbox(product: Product, tenant: TenantUnderTest) -> list[Any]:
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        return await tx.rows("SELECT * FROM callback_inbox WHERE tenant_id = $1 ORDER BY id", tenant.id)


async def _nothing_happened(product: Product, *tenants: TenantUnderTest) -> None:
    assert await product.apply_callbacks() == 0
    for tenant in tenants:
        assert await _inbox(product, tenant) == []
        assert {_Status.SENDING}.issuperset(await statuses(product, tenant))


async def test_a_callback_that_twilio_signed_is_taken_and_applied(
    product: Product, twilio: Twilio, tenant: TenantUnderTest
) -> None:
    (message_id,) = await _sent(product, tenant)
    assert await twilio.call(tenant, message_id, fields_of(tenant, "delivered")) == 204
    assert await statuses(product, tenant) == [_Status.SENDING]  # taken, not applied yet
    assert await product.apply_callbacks() == 1
    assert await statuses(product, tenant) == [_Status.DELIVERED]
    assert ("DELIVERED", "CALLBACK") in await timeline(product, tenant, message_id)
    assert await product.apply_callbacks() == 0


@pytest.mark.parametrize("signature", [None, "", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "é", "a" * 8000])
async def test_tn_14_without_the_right_signature_nothing_changes(
    product: Product, twilio: Twilio, tenant: TenantUnderTest, signature: str | None
) -> None:
    (message_id,) = await _sent(product, tenant)
    body = urlencode(fields_of(tenant, "delivered")).encode()
    assert await twilio.post(twilio.address(tenant.id, message_id), signature, body) == 403
    await _nothing_happened(product, tenant)


async def test_tn_14_what_another_tenant_could_sign_or_name_is_refused(product: Product, twilio: Twilio) -> None:
    falcon, freestyle = await product.tenant(), await product.tenant()
    (theirs,), (own,) = await _sent(product, falcon), await _sent(product, freestyle)
    about_falcon, about_freestyle = fields_of(falcon, "delivered"), fields_of(freestyle, "delivered")
    # Freestyle's token on Falcon's address, whichever account it names.
    assert await twilio.call(falcon, theirs, about_falcon, token=freestyle.auth_token) == 403
    assert await twilio.call(falcon, theirs, about_freestyle, token=freestyle.auth_token) == 403
    # Falcon's signature on Freestyle's address.
    assert await twilio.call(falcon, own, about_falcon, path_tenant=freestyle.id) == 403
    assert await twilio.call(falcon, own, about_freestyle, path_tenant=freestyle.id) == 403
    # Falcon's own signature, about another account or none.
    assert await twilio.call(falcon, theirs, about_freestyle) == 403
    nameless = {name: value for name, value in about_falcon.items() if name != "AccountSid"}
    assert await twilio.call(falcon, theirs, nameless) == 403
    await _nothing_happened(product, falcon, freestyle)


async def test_a_tenants_own_callback_does_not_reach_another_tenants_message(product: Product, twilio: Twilio) -> None:
    falcon, freestyle = await product.tenant(), await product.tenant()
    (own,) = await _sent(product, freestyle)
    assert await twilio.call(falcon, own, fields_of(falcon, "delivered")) == 204  # genuine, about nothing of Falcon's
    assert await product.apply_callbacks() == 1
    assert await statuses(product, freestyle) == [_Status.SENDING]
    assert await messages(product, falcon) == []


async def test_a_signature_holds_for_these_fields_and_this_message_alone(
    product: Product, twilio: Twilio, tenant: TenantUnderTest
) -> None:
    first, second = await _sent(product, tenant, 2)
    fields = fields_of(tenant, "sent")
    url = twilio.address(tenant.id, first)
    signature = RequestValidator(tenant.auth_token).compute_signature(url, fields)
    changed = [
        fields | {"MessageStatus": "delivered"},
        fields | {"Extra": "1"},
        {name: value for name, value in fields.items() if name != "From"},
    ]
    for form in changed:
        assert await twilio.post(url, signature, urlencode(form).encode()) == 403
    body = urlencode(fields).encode()
    assert await twilio.post(twilio.address(tenant.id, second), signature, body) == 403
    assert await twilio.post(f"{url}?bodySHA256=x", signature, body) == 403
    await _nothing_happened(product, tenant)
    assert await twilio.post(url, signature, body) == 204


async def test_a_repeated_field_is_none_of_twilios(product: Product, twilio: Twilio, tenant: TenantUnderTest) -> None:
    (message_id,) = await _sent(product, tenant)
    fields = fields_of(tenant, "sent")
    url = twilio.address(tenant.id, message_id)
    signature = RequestValidator(tenant.auth_token).compute_signature(url, fields)
    for more in ("&MessageStatus=delivered", "&MessageStatus=sent"):
        assert await twilio.post(url, signature, urlencode(fields).encode() + more.encode()) == 400
    await _nothing_happened(product, tenant)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"MessageStatus=sent%00", FORM, 400),
        (b"Message%00Status=sent", FORM, 400),
        (b"\xff\xfe=1", FORM, 400),
        (b"no pairs at all", FORM, 400),
        (b"&".join(b"f%d=1" % index for index in range(201)), FORM, 400),
        (b"", FORM, 403),
        (b"a=" + b"x" * 70_000, FORM, 413),
        (b"a=" + b"x" * 10_000_000, FORM, 413),
        (b"{}", "application/json", 415),
        (b"a=1", "multipart/form-data; boundary=x", 415),
        (b"a=1", "", 415),
        (b"a=1", f"{FORM}; charset=utf-8", 403),
    ],
    ids=lambda value: value[:20].decode("latin-1") if isinstance(value, bytes) else str(value),
)
async def test_what_is_no_form_of_twilios_is_refused_before_it_is_read(
    product: Product, twilio: Twilio, tenant: TenantUnderTest, body: bytes, content_type: str, status: int
) -> None:
    (message_id,) = await _sent(product, tenant)
    url = twilio.address(tenant.id, message_id)
    try:
        answered = await twilio.post(url, "x", body, content_type=content_type)
    except (httpx2.WriteError, httpx2.ReadError):  # the answer comes, and the connection ends, before all was written
        answered = 413
    assert answered == status
    await _nothing_happened(product, tenant)


async def test_an_unknown_tenant_or_message_and_other_methods_change_nothing(
    product: Product, twilio: Twilio, tenant: TenantUnderTest
) -> None:
    fields = fields_of(tenant, "delivered")
    nobody, nothing = new_id(product.clock.now()), new_id(product.clock.now())
    assert await twilio.call(tenant, nothing, fields, path_tenant=nobody) == 403
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        assert (await http.get(twilio.address(tenant.id, nothing))).status_code == 404
        assert (
            await http.post(f"{product.url}/webhooks/twilio/x/messages/y", data=fields)
        ).status_code == 405  # the page's
    await _nothing_happened(product, tenant)
    # A message that has gone meanwhile: Twilio is right, there is nothing to do, and it stays in the inbox's record.
    assert await twilio.call(tenant, nothing, fields) == 204
    assert await product.apply_callbacks() == 1
    assert (await _inbox(product, tenant))[0]["applied_at"] is not None
    assert await messages(product, tenant) == []


async def test_fields_that_nobody_knows_are_signed_too_and_kept(
    product: Product, twilio: Twilio, tenant: TenantUnderTest
) -> None:
    (message_id,) = await _sent(product, tenant)
    fields = fields_of(tenant, "delivered", RawDlrDoneDate="2611201030", Novelty="naïve 🚲 &=+%", Empty="")
    assert await twilio.call(tenant, message_id, fields) == 204
    (row,) = await _inbox(product, tenant)
    assert (orjson.loads(row["fields"]), row["message_id"], row["applied_at"]) == (fields, message_id, None)


@pytest.mark.parametrize("status", ["", "strange", "receiving", "DELIVERED"])
async def test_a_status_that_nobody_knows_is_kept_and_changes_nothing(
    product: Product, twilio: Twilio, tenant: TenantUnderTest, status: str
) -> None:
    (message_id,) = await _sent(product, tenant)
    assert await twilio.call(tenant, message_id, fields_of(tenant, status)) == 204
    assert await product.apply_callbacks() == 1
    assert await statuses(product, tenant) == [_Status.SENDING]
    assert len(await timeline(product, tenant, message_id)) == 2


async def test_every_order_and_repetition_of_a_messages_callbacks_ends_the_same(
    product: Product, twilio: Twilio, tenant: TenantUnderTest
) -> None:
    told = ("queued", "sending", "sent", "undelivered")
    orders = list(permutations(told))
    ids = await _sent(product, tenant, len(orders))

    async def tell(message_id: UUID, order: tuple[str, ...]) -> None:
        for index, status in enumerate(order):
            more = {"ErrorCode": "30003"} if status == "undelivered" else {}
            assert await twilio.call(tenant, message_id, fields_of(tenant, status, **more)) == 204
            if index % 2:
                assert await twilio.call(tenant, message_id, fields_of(tenant, status, **more)) == 204
            if index == len(order) // 2:
                await product.apply_callbacks()  # some while others are still to come

    await asyncio.gather(*(tell(*pair) for pair in zip(ids, orders, strict=True)))
    while await product.apply_callbacks():
        pass
    rows = await messages(product, tenant)
    assert {(row["status"], row["issue"]) for row in rows} == {("UNDELIVERED", "UNREACHABLE")}
    for message_id in ids:
        events = await timeline(product, tenant, message_id)
        assert sorted(events) == [
            ("QUEUED", "PORTAL"),
            ("SENDING", "CALLBACK"),
            ("SENDING", "PROVIDER_ANSWER"),
            ("SENT", "CALLBACK"),
            ("UNDELIVERED", "CALLBACK"),
        ]
    assert await balanced_books(product, tenant) == Books(used=len(orders), reserved=0)


@pytest.mark.parametrize("final", ["delivered", "undelivered", "failed"])
async def test_any_loss_that_leaves_the_final_one_ends_the_same_and_never_moves_back(
    product: Product, twilio: Twilio, tenant: TenantUnderTest, final: str
) -> None:
    """Every order of every part of a message's callbacks that holds the final one, and empty-handed repeats after."""
    more = {} if final == "delivered" else {"ErrorCode": "30003"}
    earlier = ("queued", "sending", "sent")
    parts = [part for size in range(4) for part in combinations(earlier, size)]
    orders = [order for part in parts for order in permutations((*part, final))]
    ids = await _sent(product, tenant, len(orders))
    ranks: dict[UUID, int] = {}
    for place in range(5):  # the last one is a repeat of the first, without its reason
        told = [
            (id, (*order, order[0])[place], place == len(order))
            for id, order in zip(ids, orders, strict=True)
            if place <= len(order)
        ]
        await asyncio.gather(
            *(
                twilio.call(tenant, id, fields_of(tenant, status, **({} if bare or status != final else more)))
                for id, status, bare in told
            )
        )
        while await product.apply_callbacks():
            pass
        for row in await messages(product, tenant):
            assert rank(_Status(row["status"])) >= ranks.get(row["id"], 0)
            ranks[row["id"]] = rank(_Status(row["status"]))
    found = {(row["status"], row["issue"]) for row in await messages(product, tenant)}
    assert found == {(final.upper(), "UNREACHABLE" if more else None)}
    assert await balanced_books(product, tenant) == Books(used=len(orders), reserved=0)


async def test_two_who_apply_at_once_apply_each_callback_once(
    product: Product, twilio: Twilio, tenant: TenantUnderTest
) -> None:
    ids = await _sent(product, tenant, 20)
    await asyncio.gather(*(twilio.call(tenant, message_id, fields_of(tenant, "sent")) for message_id in ids))
    assert sum(await asyncio.gather(*(product.apply_callbacks() for _ in range(4)))) == 20
    assert await statuses(product, tenant) == [_Status.SENT] * 20
