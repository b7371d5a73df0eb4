"""Clients that others wrote: gql, and the npm packages graphql-ws and graphql-sse, as integrators use them."""

import asyncio
import json
from pathlib import Path

import pytest
from gql import Client, gql
from gql.transport.aiohttp_websockets import AIOHTTPWebsocketsTransport
from gql.transport.exceptions import TransportConnectionFailed, TransportQueryError
from gql.transport.websockets import WebsocketsTransport

from tests.messages.traffic import add_contacts, plain_numbers, send
from tests.node import MODULES, node_or_skip
from tests.product import Product

ALLOWANCE = "subscription { allowanceChanged { used reserved remaining } }"


@pytest.mark.parametrize("in_headers", [True, False], ids=["a header", "the first message"])
@pytest.mark.parametrize("kind", [WebsocketsTransport, AIOHTTPWebsocketsTransport])
async def test_gql_subscribes(
    kind: type[WebsocketsTransport] | type[AIOHTTPWebsocketsTransport], product: Product, *, in_headers: bool
) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, plain_numbers(2))
    token = tenant.machine.headers
    transport = kind(
        url=tenant.machine.url.replace("http", "ws"),
        headers=token if in_headers else {},
        init_payload={} if in_headers else token,
    )
    async with Client(transport=transport) as session:
        told = session.subscribe(gql(ALLOWANCE))
        waiting = asyncio.ensure_future(anext(told))
        await session.execute(gql("{ viewer { tenant { id } } }"))  # answered after the subscription stands
        accepted = await send(tenant.machine, contacts[:1])
        assert await waiting == {"allowanceChanged": accepted["allowance"]}
        accepted = await send(tenant.machine, contacts[1:], key="second")
        assert await anext(told) == {"allowanceChanged": accepted["allowance"]}
        await told.aclose()
        with pytest.raises(TransportQueryError, match="The tenant has no such send"):
            async for _ in session.subscribe(gql('subscription { messageStatusChanged(batchId: "x") { at } }')):
                pass


async def test_gql_is_told_that_its_token_is_not_good(product: Product) -> None:
    url = f"{product.url}/graphql".replace("http", "ws")
    transport = WebsocketsTransport(url=url, init_payload={"Authorization": "Bearer nonsense"})
    with pytest.raises(TransportConnectionFailed) as failed:
        async with Client(transport=transport):
            pass
    assert "4401 (private use) The access token is not valid." in str(failed.value.__cause__)


@pytest.mark.slow
async def test_graphql_ws_and_graphql_sse_subscribe(product: Product) -> None:
    node = node_or_skip()
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, plain_numbers(1))
    script = Path(__file__).with_name("peers.mjs")
    token = tenant.machine.headers["Authorization"].removeprefix("Bearer ")
    line = [node, str(script), str(MODULES), tenant.machine.url, token]
    peers = await asyncio.create_subprocess_exec(*line, stdout=asyncio.subprocess.PIPE)
    assert peers.stdout is not None
    async with asyncio.timeout(60):
        assert json.loads(await peers.stdout.readline()) == {"viewer": {"tenant": {"state": "ACTIVE"}}}
        assert await peers.stdout.readline() == b"ready\n"
        accepted = await send(tenant.machine, contacts)
        for _ in ("graphql-ws", "graphql-sse"):
            assert json.loads(await peers.stdout.readline()) == {"allowanceChanged": accepted["allowance"]}
        assert await peers.wait() == 0
