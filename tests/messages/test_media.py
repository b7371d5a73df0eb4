"""Media: looked at before anything is written, sent and charged as an MMS, and never fetched from inside."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.media_client import HttpMediaClient
from portal.clock import written
from portal.database import DatabaseRole
from portal.database.address import DatabaseAddress
from portal.erasure.rows import empty_rows
from portal.messages.firing import Firing
from portal.messages.media import CONTENT_TYPES, LARGEST, LARGEST_AS_IT_IS, Media, MediaFault, check_found
from portal.messages.refusals import SendProblem
from portal.problems import RefusedError
from tests.messages.traffic import (
    Books,
    at_the_provider,
    balanced_books,
    delivered_at_the_provider,
    message_key,
    messages,
    plain_numbers,
)
from tests.plans.given import give_card, give_plan
from tests.product import Product, TenantUnderTest
from tests.product import product as serve_product
from tests.turnable_clock import TurnableClock
from tests.webhooks.test_targets import HOSTILE, Names

LOOPBACK = (ip_network("127.0.0.0/8"),)
SEND = """mutation ($input: MessageSendInput!) { messageSend(input: $input) {
  batch {
    messages(first: 9) { nodes {
      id status channel body segments encoding mediaCount media { url contentType size } price { amount }
    } }
    refusals(first: 9) { nodes { code path } }
  }
  idempotentReplay errors { code path }
} }"""
ESTIMATE = """query ($input: MessageEstimateInput!) { messageEstimate(input: $input) {
  channel recipients refusals { code count } segments totalSegments encodingReason price { amount }
} }"""
MESSAGE = "query ($id: ID!) { message(id: $id) { status mediaCount media { url } } }"
USAGE = "{ usage(input: {period: TODAY}) { categories { category count usage } } }"
PICTURE = b"HTTP/1.1 200 OK\r\nContent-Type: Image/PNG\r\nContent-Length: 68\r\n\r\n" + b"x" * 68
ANSWERS = {
    "/picture.png": PICTURE,
    "/counted": b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nConnection: close\r\n\r\n" + b"x" * 7000,
    "/endless": b"HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\n\r\n" + b"x" * (LARGEST + 1),
    "/large": b"HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\nContent-Length: 5000001\r\n\r\n",
    "/page": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nHello",
    "/untold": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello",
    "/empty": b"HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\nContent-Length: 0\r\n\r\n",
    "/away": b"HTTP/1.1 302 Found\r\nLocation: /picture.png\r\nContent-Length: 0\r\n\r\n",
    "/missing": b"HTTP/1.1 404 Not Found\r\nContent-Type: image/gif\r\nContent-Length: 5\r\n\r\nHello",
    "/nonsense": b"no HTTP\r\n\r\n",
    "/broken": b"",
}


@dataclass
class Gallery:
    """A server with media, that remembers what it was asked for; what it does not know it never answers."""

    url: str = ""
    asked: list[str] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        self.asked.append((await reader.readuntil(b"\r\n\r\n")).split()[1].decode())
        if self.asked[-1] not in ANSWERS:
            await reader.read()
        writer.write(ANSWERS.get(self.asked[-1], b""))
        writer.close()


@asynccontextmanager
async def showing() -> AsyncIterator[Gallery]:
    """A gallery, open for as long as the context lasts."""
    gallery = Gallery()
    async with await asyncio.start_server(gallery.answer, "127.0.0.1", 0) as server:
        gallery.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield gallery


def _input(numbers: list[str], key: str = "first", **more: Any) -> dict[str, Any]:
    return {"idempotencyKey": key, "recipients": {"numbers": numbers}, **more}


async def _price_media(product: Product) -> None:
    await give_card(product, elsewhere="0.01")
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("INSERT INTO rate SELECT id, 'mms-outbound', '', 0.03 FROM rate_card")


async def _charges(product: Product, tenant: TenantUnderTest) -> list[tuple[str, int, int, Decimal]]:
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        sql = (
            "SELECT category, sum(count)::int, sum(units)::int, sum(cost) FROM charge_day WHERE tenant_id = $1 "
            "GROUP BY category ORDER BY category"
        )
        return [tuple(row) for row in await tx.rows(sql, tenant.id)]


async def test_an_mms_is_looked_at_sent_delivered_and_charged_as_one_whatever_its_text(
    address: DatabaseAddress, clock: TurnableClock, simulator: str
) -> None:
    async with (
        serve_product(address, clock, simulator, webhook_allowed_networks="127.0.0.0/8") as product,
        showing() as gallery,
    ):
        tenant = await product.tenant()
        await _price_media(product)
        overage: dict[str, Any] = {"strategy": "TIER_WITH_OVERAGE", "at_limit": "OVERAGE", "overage": Decimal("0.5")}
        await give_plan(product, tenant.id, allowance_amount=1, allowance_unit="SEGMENTS", **overage)
        whom, other = plain_numbers(2)
        urls = [f"{gallery.url}/picture.png", f"{gallery.url}/counted"]
        asked: dict[str, Any] = {"body": "\N{BICYCLE} " * 400, "mediaUrls": urls}
        to = {"recipients": {"numbers": [whom, "+442071838750"]}}
        assert (await tenant.machine.run(ESTIMATE, input=asked | to))["messageEstimate"] == {
            "channel": "MMS",
            "recipients": 1,
            "refusals": [{"code": "COUNTRY_WITHOUT_MMS", "count": 1}],
            "segments": 1,
            "totalSegments": 1,
            "encodingReason": None,
            "price": {"amount": "0"},
        }
        assert gallery.asked == []  # an estimate holds a transaction meanwhile
        sent = (await tenant.machine.run(SEND, input=_input([whom, "+442071838750"], **asked)))["messageSend"]
        (made,) = sent["batch"]["messages"]["nodes"]
        assert made == {
            "id": made["id"],
            "status": "QUEUED",
            "channel": "MMS",
            "body": asked["body"],
            "segments": 1,
            "encoding": "UCS_2",
            "mediaCount": 2,
            "media": [
                {"url": urls[0], "contentType": "image/png", "size": 68},
                {"url": urls[1], "contentType": "application/pdf", "size": 7000},
            ],
            "price": {"amount": "0"},
        }
        assert sent["batch"]["refusals"]["nodes"] == [
            {"code": "COUNTRY_WITHOUT_MMS", "path": ["recipients", "numbers", "1"]}
        ]
        again = (await tenant.machine.run(SEND, input=_input([whom, "+442071838750"], **asked)))["messageSend"]
        assert again["idempotentReplay"] is True
        changed = _input([whom, "+442071838750"], **(asked | {"mediaUrls": urls[:1]}))
        refused = (await tenant.machine.run(SEND, input=changed))["messageSend"]["errors"]
        assert refused == [{"code": "IDEMPOTENCY_CONFLICT", "path": ["input", "idempotencyKey"]}]
        assert sorted(gallery.asked) == ["/counted", "/picture.png"]  # by the first alone

        later = {"mediaUrls": urls[:1], "sendAt": written(clock.now() + timedelta(minutes=10))}
        await tenant.machine.run(SEND, input=_input([other], key="later", **later))
        await tenant.machine.run(SEND, input=_input([other], key="text", body="Hello"))
        await product.dispatcher.run_once()
        clock.advance(timedelta(minutes=10))
        assert await Firing(product.database, clock).fire_due() == 1
        await product.dispatcher.run_once()
        await delivered_at_the_provider(product, tenant, 3)
        await product.apply_callbacks()
        found = (await tenant.machine.run(MESSAGE, id=made["id"]))["message"]
        assert found == {"status": "DELIVERED", "mediaCount": 2, "media": [{"url": url} for url in urls]}
        there = [(one["to"], one["num_media"], one["num_segments"]) for one in await at_the_provider(product, tenant)]
        assert sorted(there) == [(whom, "2", "1"), (other, "0", "1"), (other, "1", "1")]
        assert await balanced_books(product, tenant) == Books(used=3, reserved=0)
        assert await _charges(product, tenant) == [
            ("mms-outbound", 2, 2, Decimal("0.06")),
            ("sms-outbound", 1, 1, Decimal("0.01")),
        ]
        assert (await tenant.machine.run(USAGE))["usage"]["categories"] == [
            {"category": "mms-outbound", "count": 2, "usage": 2},
            {"category": "sms-outbound", "count": 1, "usage": 1},
        ]
        async with product.database.for_tenant(tenant.id) as tx:
            await empty_rows(tx, message_key(made["id"]), [whom])  # nobody's id: by the number
        erased = (await tenant.machine.run(MESSAGE, id=made["id"]))["message"]
        assert erased == {"status": "DELIVERED", "mediaCount": 2, "media": []}


async def test_gq_10_media_inside_a_network_and_too_many_are_refused_each_at_its_place_and_nothing_is_written(
    product: Product,
) -> None:
    tenant = await product.tenant()
    (whom,) = plain_numbers(1)
    refused = []
    for start in range(0, len(HOSTILE), 10):
        urls = HOSTILE[start : start + 10]
        answer = await tenant.machine.run(SEND, input=_input([whom], body="Hello", mediaUrls=urls))
        assert answer["messageSend"]["batch"] is None
        refused += [(error["code"], *error["path"]) for error in answer["messageSend"]["errors"]]
    places = [("MEDIA_NOT_ALLOWED", "input", "mediaUrls", str(place % 10)) for place in range(len(HOSTILE))]
    assert refused == places
    (error,) = await tenant.machine.errors(
        ESTIMATE, input={"recipients": {"numbers": [whom]}, "mediaUrls": ["https://169.254.169.254/"]}
    )
    assert (error["extensions"]["code"], error["path"]) == ("BAD_USER_INPUT", ["messageEstimate"])
    too_many = _input([whom], mediaUrls=["https://example.com/"] * 11)
    (one,) = (await tenant.machine.run(SEND, input=too_many))["messageSend"]["errors"]
    assert one == {"code": "INVALID", "path": ["input", "mediaUrls"]}
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE number SET capabilities = '{SMS}' WHERE tenant_id = $1", tenant.id)
    (number,) = (await tenant.machine.run("{ numbers { nodes { id } } }"))["numbers"]["nodes"]
    given = {"recipients": {"numbers": [whom]}, "senderId": number["id"], "mediaUrls": ["https://example.com/a.png"]}
    (error,) = await tenant.machine.errors(ESTIMATE, input=given)
    assert "No number to send from can send media" in error["message"]
    assert await messages(product, tenant) == []
    async with product.database.for_tenant(tenant.id) as tx:
        assert await tx.value("SELECT count(*) FROM message_batch WHERE tenant_id = $1", tenant.id) == 0
        assert await tx.value("SELECT count(*) FROM idempotency_key WHERE tenant_id = $1", tenant.id) == 0


async def test_gq_10_a_name_is_looked_at_by_every_address_that_it_has_when_the_connection_is_opened() -> None:
    async with showing() as gallery:
        port = gallery.url.rpartition(":")[2]
        private = (["127.0.0.1"], ["169.254.169.254"], ["::ffff:10.0.0.1"], ["fd00::1"])
        for addresses in (*private, ["9.9.9.9", "10.0.0.1"], []):
            async with HttpMediaClient.open((), resolver=Names(addresses)) as client:
                for scheme in ("https", "http"):
                    found = await client.look_at(f"{scheme}://rebinding.example:{port}/picture.png")
                    assert found is MediaFault.NOT_PUBLIC, addresses
        async with HttpMediaClient.open(LOOPBACK, resolver=Names(["9.9.9.9"])) as client:  # HTTP is for inside alone
            assert await client.look_at(f"http://rebinding.example:{port}/") is MediaFault.NOT_PUBLIC
        assert gallery.asked == []


async def test_what_a_server_says_of_media_decides_and_no_more_is_read_than_matters() -> None:
    expected: dict[str, Any] = {
        "/counted": 7000,
        "/picture.png": 68,
        "/endless": MediaFault.TOO_LARGE,
        "/large": MediaFault.TOO_LARGE,
        "/page": MediaFault.WRONG_TYPE,
        "/untold": MediaFault.WRONG_TYPE,
        "/empty": MediaFault.EMPTY,
        "/away": MediaFault.REDIRECTS,
        "/missing": MediaFault.NOT_GIVEN,
        "/nonsense": MediaFault.NO_ANSWER,
        "/broken": MediaFault.NO_ANSWER,
        "/never": MediaFault.TIMED_OUT,
    }
    async with showing() as gallery, HttpMediaClient.open(LOOPBACK, deadline=timedelta(seconds=0.7)) as client:
        looked = await asyncio.gather(*(client.look_at(gallery.url + path) for path in expected))
        found = {path: one.size if isinstance(one, Media) else one for path, one in zip(expected, looked, strict=True)}
    assert found == expected
    assert gallery.asked.count("/picture.png") == 1  # the redirection was not followed


@given(
    st.lists(
        st.builds(
            Media,
            st.just("https://example.com/a"),
            st.sampled_from(sorted(CONTENT_TYPES)),
            st.integers(1, LARGEST) | st.integers(1, LARGEST_AS_IT_IS),
        ),
        max_size=10,
    )
)
def test_what_is_taken_is_what_the_provider_takes(found: list[Media]) -> None:
    fitted = {"image/jpeg", "image/jpg", "image/png", "image/gif"}
    too_large = [one for one in found if one.content_type not in fitted and (one.size or 0) > LARGEST_AS_IT_IS]
    if not too_large and sum(one.size or 0 for one in found) <= LARGEST:
        assert check_found(found) == tuple(found)
        return
    with pytest.raises(RefusedError) as refusal:
        check_found(found)
    assert {problem.code for problem in refusal.value.problems} == {SendProblem.MEDIA_TOO_LARGE}
    places: list[tuple[str, ...]] = [("mediaUrls", str(place)) for place, one in enumerate(found) if one in too_large]
    assert [problem.path for problem in refusal.value.problems] == (places or [("mediaUrls",)])
