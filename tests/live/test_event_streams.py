"""GraphQL over server-sent events, distinct connections mode."""

import httpx2

from auth.permissions import Permission
from tests.live.streams import EVENTS, Stream, streamed
from tests.messages.traffic import add_contacts, plain_numbers, send
from tests.product import Caller, Product

ALLOWANCE = "subscription { allowanceChanged { used reserved remaining } }"


async def test_a_stream_tells_what_a_socket_tells(product: Product) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, plain_numbers(1))
    async with streamed(tenant.machine, ALLOWANCE) as stream:
        headers = stream.response.headers
        assert stream.response.status_code == 200
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        accepted = await send(tenant.machine, contacts)
        assert await stream.data() == {"allowanceChanged": accepted["allowance"]}


async def test_a_stream_comes_by_get_with_a_token(product: Product) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, plain_numbers(1))
    headers = tenant.machine.headers | EVENTS
    async with (
        httpx2.AsyncClient(trust_env=False, timeout=60) as http,
        http.stream("GET", tenant.machine.url, params={"query": ALLOWANCE}, headers=headers) as response,
    ):
        accepted = await send(tenant.machine, contacts)
        assert await Stream(response).data() == {"allowanceChanged": accepted["allowance"]}


async def test_a_quiet_stream_beats_so_that_no_proxy_ends_it(impatient: Product) -> None:
    tenant = await impatient.tenant()
    contacts = await add_contacts(impatient, tenant, plain_numbers(1))
    async with streamed(tenant.machine, ALLOWANCE) as stream:
        await stream.beat(3)
        accepted = await send(tenant.machine, contacts)
        assert await stream.data() == {"allowanceChanged": accepted["allowance"]}


async def test_what_may_not_be_looked_at_ends_at_once(product: Product) -> None:
    tenant = await product.tenant()
    caller = await product.machine(tenant.id, [Permission.CONTACTS_READ])
    async with streamed(caller, ALLOWANCE) as stream:
        assert stream.response.status_code == 200
        assert await stream.ended() == ["FORBIDDEN"]


async def test_a_query_is_answered_as_a_stream_where_only_that_is_taken(product: Product) -> None:
    tenant = await product.tenant()
    async with streamed(tenant.machine, "{ viewer { tenant { state } } }") as stream:
        assert await stream.data() == {"viewer": {"tenant": {"state": "ACTIVE"}}}
        assert await stream.next() == ("complete", None)


async def test_what_is_no_operation_gets_a_status_as_ever(product: Product) -> None:
    tenant = await product.tenant()
    takes_events = Caller(tenant.machine.url, tenant.machine.headers | EVENTS)
    for query in ("subscription { nonsense }", "subscription {", "subscription { __typename }"):
        answer = await takes_events.post(query=query)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json; charset=utf-8")
        assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    nobody = await Caller(tenant.machine.url, EVENTS).post(query=ALLOWANCE)
    assert (nobody.status_code, nobody.headers["content-type"]) == (401, "application/json; charset=utf-8")


async def test_who_takes_no_events_is_told_how_to_subscribe(product: Product) -> None:
    tenant = await product.tenant()
    [error] = await tenant.machine.errors(ALLOWANCE)
    assert error["message"] == "Subscribe over a WebSocket, or take text/event-stream."
