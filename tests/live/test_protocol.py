"""graphql-transport-ws to the letter, and what stands before it: the handshake, the limits, bad frames."""

import pytest
from websockets.exceptions import InvalidStatus

from api.graphql.live.limits import LiveLimits
from api.sockets import LARGEST_MESSAGE
from auth.authentication import SESSION_COOKIE
from auth.permissions import TenantRole
from portal.database.address import DatabaseAddress
from tests.live.sockets import connected, looking
from tests.product import Caller, Product
from tests.product import product as serve_product
from tests.turnable_clock import TurnableClock

STATUS = "subscription { messageStatusChanged { status } }"
SUBSCRIBE = {"type": "subscribe", "id": "1", "payload": {"query": STATUS}}


async def _refused(caller: Caller, **given: object) -> tuple[int, str]:
    """Status and code of a handshake that gets no socket."""
    with pytest.raises(InvalidStatus) as refused:
        async with connected(caller, **given):  # type: ignore[arg-type]  # each case's own
            pass
    response = refused.value.response
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    code = response.body.decode().partition('"code":"')[2].partition('"')[0]
    return response.status_code, code


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost", "{own}.evil.example", "https{own}", ""]
)
async def test_bf_15_a_socket_with_the_cookie_is_opened_by_the_portal_s_own_page_alone(
    origin: str, product: Product
) -> None:
    tenant = await product.tenant()
    member = await product.member(tenant.id, TenantRole.OWNER)
    sent = origin.replace("https{own}", product.url.replace("http", "https")).replace("{own}", product.url)
    product.statements.clear()
    assert await _refused(member, headers={"Origin": sent}) == (403, "FORBIDDEN")
    assert product.statements == []
    async with looking(member):  # from its own page
        pass


async def test_bf_15_a_stream_with_the_cookie_needs_the_page_s_proof(product: Product) -> None:
    tenant = await product.tenant()
    member = await product.member(tenant.id, TenantRole.OWNER)
    cookie = {"Cookie": member.headers["Cookie"], "Accept": "text/event-stream"}
    for headers in (
        cookie | {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        cookie | {"Sec-Fetch-Site": "same-origin"},
    ):
        answer = await Caller(member.url, headers).post(query=STATUS)
        assert answer.status_code == 403


@pytest.mark.parametrize("protocol", ["graphql-ws", "graphql-transport-ws2", "mqtt"])
async def test_no_other_subprotocol_is_spoken(protocol: str, product: Product) -> None:
    tenant = await product.tenant()
    assert await _refused(tenant.machine, protocol=protocol) == (400, "BAD_USER_INPUT")


async def test_a_bad_credential_gets_no_socket(product: Product) -> None:
    nobody = Caller(f"{product.url}/graphql", {"Authorization": "Bearer nonsense"})
    assert await _refused(nobody) == (401, "UNAUTHENTICATED")
    gone = Caller(f"{product.url}/graphql", {"Cookie": f"{SESSION_COOKIE}=nonsense"})
    assert await _refused(gone) == (401, "UNAUTHENTICATED")
    both = Caller(f"{product.url}/graphql", nobody.headers | gone.headers)
    assert await _refused(both) == (400, "BAD_USER_INPUT")


async def test_there_is_no_socket_anywhere_else(product: Product) -> None:
    tenant = await product.tenant()
    for path in ("/", "/graphql/", "/oauth/token", "/healthz"):
        with pytest.raises(InvalidStatus) as refused:
            async with connected(Caller(f"{product.url}{path}", tenant.machine.headers)):
                pass
        assert refused.value.response.status_code in {403, 404}


async def test_a_machine_may_bring_its_token_in_the_first_message(product: Product) -> None:
    tenant = await product.tenant()
    anybody = Caller(tenant.machine.url, {})
    async with connected(anybody, headers={"Origin": "https://app.example"}) as socket:
        await socket.send(type="connection_init", payload=tenant.machine.headers)
        assert await socket.next() == {"type": "connection_ack"}
        await socket.subscribe(STATUS)
    for payload, end in (
        (None, (4401, "Sign in, or send an access token.")),
        ({"authorization": "Bearer nonsense"}, (4401, "The access token is not valid.")),
        ({"Authorization": "nonsense"}, (4401, "Sign in, or send an access token.")),
        ({"Authorization": 1}, (4400, "'Authorization' has to be one text.")),
        ({"Authorization": "a", "authorization": "b"}, (4400, "'Authorization' has to be one text.")),
    ):
        async with connected(anybody) as socket:
            await socket.send(type="connection_init", payload=payload)
            assert await socket.closed() == end


async def test_a_token_beside_the_handshake_s_credential_is_one_too_many(product: Product) -> None:
    tenant = await product.tenant()
    async with connected(tenant.machine) as socket:
        await socket.send(type="connection_init", payload=tenant.machine.headers)
        assert (await socket.closed())[0] == 4400


async def test_nothing_comes_before_the_beginning(impatient: Product) -> None:
    tenant = await impatient.tenant()
    async with connected(tenant.machine) as socket:
        await socket.send(**SUBSCRIBE)
        assert await socket.closed() == (4401, "Begin with connection_init.")
    async with connected(tenant.machine) as socket:
        await socket.send(type="ping")
        assert await socket.next() == {"type": "pong"}
        assert await socket.closed() == (4408, "connection_init did not come in time.")


async def test_a_socket_begins_once_and_an_id_has_one_operation(product: Product) -> None:
    tenant = await product.tenant()
    async with looking(tenant.machine) as socket:
        await socket.send(type="connection_init")
        assert await socket.closed() == (4429, "connection_init was sent before.")
    async with looking(tenant.machine) as socket:
        await socket.subscribe(STATUS)
        await socket.send(**SUBSCRIBE)
        assert await socket.closed() == (4409, "This id has an operation already.")


async def test_a_completed_id_is_free_again_and_completing_nothing_is_no_fault(product: Product) -> None:
    tenant = await product.tenant()
    async with looking(tenant.machine) as socket:
        for _ in range(3):
            await socket.subscribe(STATUS)
            await socket.send(type="complete", id="1")
        await socket.send(type="complete", id="nothing")
        await socket.quiet()


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "{",
        "null",
        "[]",
        '"subscribe"',
        "{}",
        '{"type": 1}',
        '{"type": "start", "id": "1", "payload": {"query": "{ __typename }"}}',
        '{"type": "next", "id": "1", "payload": {}}',
        '{"type": "subscribe", "payload": {"query": "{ __typename }"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ __typename }"}}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "{ __typename }"}}',
        '{"type": "subscribe", "id": "' + "x" * 129 + '", "payload": {"query": "{ __typename }"}}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": "1", "payload": "{ __typename }"}',
        '{"type": "subscribe", "id": "1", "payload": {}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "variables": []}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "variables": {"a": "\\u0000"}}}',
        '{"type": "ping", "payload": ' + "[" * 100 + "]" * 100 + "}",
        '{"type": "ping", "payload": []}',
        '{"type": "complete"}',
        b'{"type": "ping"}',
        "\ud800",
    ],
    ids=lambda frame: repr(frame)[:60],
)
async def test_a_frame_that_is_none_of_the_protocol_s_closes_the_socket(frame: str | bytes, product: Product) -> None:
    tenant = await product.tenant()
    async with looking(tenant.machine) as socket:
        await socket.subscribe(STATUS, "running")
        sent = frame.encode("utf-8", "surrogatepass") if isinstance(frame, str) else frame
        await socket.connection.send(sent, text=isinstance(frame, str))
        code, reason = await socket.closed()
        assert code == (1007 if frame == "\ud800" else 4400)
        assert reason == "" or reason[0].isupper() or reason[0] == "'"


async def test_a_message_of_more_than_is_taken_closes_the_socket(product: Product) -> None:
    tenant = await product.tenant()
    async with looking(tenant.machine) as socket:
        await socket.send(type="ping", payload={"fits": "x" * (LARGEST_MESSAGE - 60)})
        assert (await socket.next())["type"] == "pong"
        await socket.send(type="ping", payload={"more": "x" * LARGEST_MESSAGE})
        assert (await socket.closed())[0] == 1009


async def test_sockets_and_operations_are_bounded_for_each_principal(
    address: DatabaseAddress, clock: TurnableClock, simulator: str
) -> None:
    limits = LiveLimits(connections=2, operations=2)
    async with serve_product(address, clock, simulator, live=limits) as product:
        tenant = await product.tenant()
        other = await product.member(tenant.id, TenantRole.OWNER)
        async with looking(tenant.machine) as socket, looking(tenant.machine) as second, looking(other):
            async with connected(tenant.machine) as third:
                await third.send(type="connection_init")
                code, reason = await third.closed()
                assert (code, reason.startswith("You have 2 connections open")) == (4429, True)
            stream = await Caller(tenant.machine.url, tenant.machine.headers | {"Accept": "text/event-stream"}).post(
                query=STATUS
            )
            assert (stream.status_code, stream.json()["errors"][0]["extensions"]["code"]) == (429, "RATE_LIMITED")
            for name in ("a", "b"):
                await socket.send(type="subscribe", id=name, payload={"query": STATUS})
            await socket.send(type="subscribe", id="c", payload={"query": STATUS})
            assert [code for code, _ in await socket.errors()] == ["RATE_LIMITED"]
            await socket.send(type="complete", id="a")
            await socket.send(type="subscribe", id="c", payload={"query": STATUS})
            await socket.quiet()
            await second.quiet()
        async with looking(tenant.machine):  # their places are free again
            pass


async def test_pings_are_answered_with_what_they_bring(product: Product) -> None:
    tenant = await product.tenant()
    async with looking(tenant.machine) as socket:
        await socket.send(type="ping", payload={"n": 1})
        assert await socket.next() == {"type": "pong", "payload": {"n": 1}}
        await socket.send(type="ping")
        assert await socket.next() == {"type": "pong"}
        await socket.send(type="pong")
        await socket.quiet()
