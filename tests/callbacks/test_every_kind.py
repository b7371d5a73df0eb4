"""Every kind of callback against every attack: what Twilio signed for the tenant is stored once, all else nowhere."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import httpx2
import orjson
import pytest

from portal.callbacks.inbox import CallbackKind
from portal.database import DatabaseRole
from portal.database.address import DatabaseAddress
from portal.tenants.provisioning import replace_auth_token
from tests.callbacks.corpus import content_of, deliver, signed
from tests.product import Product, TenantUnderTest
from twilio_gateway.simulator.payloads import JSON
from twilio_gateway.simulator.signing import FORM, SignedCallback

KINDS = list(CallbackKind)
_STREAM = CallbackKind.EVENT_STREAM
_TABLES = (
    "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
    "WHERE nspname = 'public' AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1"
)


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        yield http


async def _everything(superuser: DatabaseAddress, address: DatabaseAddress) -> dict[str, list[str]]:
    """All rows of all tables."""
    connection = await asyncpg.connect(**superuser.to(database=address.database).credentials())
    try:
        tables = [row[0] for row in await connection.fetch(_TABLES)]
        return {
            table: sorted(row[0] for row in await connection.fetch(f"SELECT t::text FROM {table} AS t"))  # noqa: S608  the catalogue's names
            for table in tables
        }
    finally:
        await connection.close()


async def _inbox(product: Product, tenant: TenantUnderTest) -> list[Any]:
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        return await tx.rows("SELECT kind, token, fields, message_id FROM callback_inbox ORDER BY id")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_genuine_callback_is_stored_as_it_came_and_answered_as_twilio_wants_it(
    product: Product, http: httpx2.AsyncClient, kind: CallbackKind
) -> None:
    tenant = await product.tenant()
    answer = await deliver(signed(product, tenant, kind), http)
    assert answer is not None
    if kind is CallbackKind.MESSAGE_RECEIVED:  # no instructions: the answers are the portal's own messages
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/xml")
        assert answer.text == '<?xml version="1.0" encoding="UTF-8"?><Response/>'
    else:
        assert (answer.status_code, answer.content) == (204, b"")
    (row,) = await _inbox(product, tenant)
    assert (row["kind"], row["token"]) == (kind.value, "i1")
    assert orjson.loads(row["fields"]) == content_of(kind, tenant)
    assert (row["message_id"] is not None) == (kind is CallbackKind.MESSAGE_STATUS)


def _forged(post: SignedCallback, _: SignedCallback) -> SignedCallback:
    return replace(post, headers={**post.headers, "X-Twilio-Signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="})


def _unsigned(post: SignedCallback, _: SignedCallback) -> SignedCallback:
    return replace(post, headers={name: value for name, value in post.headers.items() if name != "X-Twilio-Signature"})


def _garbage(post: SignedCallback, _: SignedCallback) -> SignedCallback:
    return replace(post, headers={**post.headers, "X-Twilio-Signature": "=&%00" + "x" * 4000})


def _replayed(post: SignedCallback, theirs: SignedCallback) -> SignedCallback:
    """The whole request, at another tenant's address."""
    return replace(post, url=theirs.url)


def _truncated(post: SignedCallback, _: SignedCallback) -> SignedCallback:
    return replace(post, body=post.body[:-1])


def _changed(post: SignedCallback, _: SignedCallback) -> SignedCallback:
    return replace(post, body=post.body + b"&Extra=1")


def _too_large(post: SignedCallback, _: SignedCallback) -> SignedCallback:
    return replace(post, body=post.body + b"&x=" + b"x" * 10_000_000)


def _another_type(post: SignedCallback, _: SignedCallback) -> SignedCallback:
    other = JSON if post.headers["Content-Type"] == FORM else FORM
    return replace(post, headers={**post.headers, "Content-Type": other})


def _another_hash(post: SignedCallback, _: SignedCallback) -> SignedCallback:
    return replace(post, url=f"{post.url.partition('?')[0]}?bodySHA256={'0' * 64}")


def _empty(post: SignedCallback, _: SignedCallback) -> SignedCallback:
    return replace(post, body=b"")


@pytest.mark.parametrize("kind", KINDS)
async def test_tn_14_whatever_twilio_did_not_sign_for_this_tenant_changes_nothing_in_any_table(
    product: Product,
    http: httpx2.AsyncClient,
    superuser: DatabaseAddress,
    address: DatabaseAddress,
    kind: CallbackKind,
) -> None:
    falcon, freestyle = await product.tenant(), await product.tenant()
    genuine, theirs = signed(product, falcon, kind), signed(product, freestyle, kind)
    attacks: list[tuple[Callable[[SignedCallback, SignedCallback], SignedCallback], int]] = [
        (_forged, 403),
        (_unsigned, 403),
        (_garbage, 403),
        (_replayed, 403),
        (_truncated, 403),
        (_changed, 403),
        (_too_large, 413),
        (_another_type, 415),
        (_another_hash, 403),
        (_empty, 403),
    ]
    posts = [(attack.__name__, attack(genuine, theirs), status) for attack, status in attacks]
    content, others = content_of(kind, falcon), content_of(kind, freestyle)
    posts += [
        ("another's token", signed(product, falcon, kind, token=freestyle.auth_token), 403),
        ("another's token at its account", signed(product, falcon, kind, others, token=freestyle.auth_token), 403),
        ("own token about another", signed(product, falcon, kind, others), 403),
        ("own token at another", signed(product, falcon, kind, content, path_tenant=freestyle.id), 403),
    ]
    before = await _everything(superuser, address)
    for name, post, status in posts:
        answer = await deliver(post, http)
        assert (name, 413 if answer is None else answer.status_code) == (name, status)
    assert await product.apply_callbacks() == 0
    assert await _everything(superuser, address) == before


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[", 400),
        (b"{}", 400),
        (b'"x"', 400),
        (b"[1]", 400),
        (b"[[]]", 400),
        (b'[{"a": "\\u0000"}]', 400),
        (b"[{\xff: 1}]", 400),
        (b"[" * 100_000, 400),
        (b"[" + b"1" * 600_000 + b"]", 413),
    ],
    ids=["empty", "open", "object", "text", "number", "array", "nul", "no UTF-8", "deep", "large"],
)
async def test_a_signed_body_that_is_no_array_of_objects_is_refused(
    product: Product, http: httpx2.AsyncClient, body: bytes, status: int
) -> None:
    tenant = await product.tenant()
    answer = await deliver(signed(product, tenant, _STREAM, body), http)
    assert (413 if answer is None else answer.status_code) == status
    assert await _inbox(product, tenant) == []


async def test_one_event_of_another_account_has_the_whole_array_refused(
    product: Product, http: httpx2.AsyncClient
) -> None:
    falcon, freestyle = await product.tenant(), await product.tenant()
    (first, second), (theirs, _) = content_of(_STREAM, falcon), content_of(_STREAM, freestyle)
    for data in (
        theirs["data"],
        {"accountSid": freestyle.account_sid},
        {"AccountSid": freestyle.account_sid},
        {"account_sid": None},
    ):
        answer = await deliver(signed(product, falcon, _STREAM, [first, second | {"data": data}]), http)
        assert answer is not None
        assert answer.status_code == 403
    assert await _inbox(product, falcon) == await _inbox(product, freestyle) == []


async def test_a_body_without_its_hash_in_the_address_or_with_two_is_refused(
    product: Product, http: httpx2.AsyncClient
) -> None:
    tenant = await product.tenant()
    post = signed(product, tenant, _STREAM)
    bare, hashed = post.url.split("?")
    for url in (bare, f"{bare}?bodySHA256=", f"{post.url}&{hashed}", f"{bare}?bodysha256={hashed[11:]}"):
        answer = await deliver(replace(post, url=url), http)
        assert answer is not None
        assert answer.status_code == 403
    assert await _inbox(product, tenant) == []


@pytest.mark.parametrize("kind", KINDS)
async def test_while_one_token_replaces_the_other_both_are_good_and_the_old_one_no_longer_after_an_hour(
    product: Product, http: httpx2.AsyncClient, kind: CallbackKind
) -> None:
    tenant = await product.tenant()

    async def status(token: str) -> int:
        answer = await deliver(signed(product, tenant, kind, token=token), http)
        assert answer is not None
        return answer.status_code

    good = await status(tenant.auth_token)
    product.clock.advance(timedelta(seconds=2))
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await replace_auth_token(tx, tenant.id, product.box.encrypt("the new token"), now=product.clock.now())
    # At once: the account that was remembered is read anew when no signature fits.
    assert [await status(token) for token in ("the new token", tenant.auth_token, "neither")] == [good, good, 403]
    product.clock.advance(timedelta(minutes=59))
    assert [await status(token) for token in ("the new token", tenant.auth_token)] == [good, good]
    product.clock.advance(timedelta(minutes=2))
    assert [await status(token) for token in ("the new token", tenant.auth_token)] == [good, 403]


@pytest.mark.parametrize("kind", KINDS)
async def test_repeats_of_a_callback_change_nothing_more(
    product: Product,
    http: httpx2.AsyncClient,
    superuser: DatabaseAddress,
    address: DatabaseAddress,
    kind: CallbackKind,
) -> None:
    tenant = await product.tenant()
    states: list[dict[str, list[str]]] = []
    for _ in range(3):
        answer = await deliver(signed(product, tenant, kind), http)
        assert answer is not None
        assert answer.is_success
        await product.apply_callbacks()
        state = await _everything(superuser, address)
        assert len(state.pop("callback_inbox")) == len(states) + 1
        states.append(state)
    assert states[0] == states[1] == states[2]
