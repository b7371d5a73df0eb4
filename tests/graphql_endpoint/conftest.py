"""A real server for each test, on a port of its own."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from api.graphql import GraphQLEndpoint, Limits, Operations
from tests.graphql_endpoint.shop import Books, authenticate, schema

MODERN = "application/graphql-response+json"


@dataclass(frozen=True)
class Shopkeeper:
    """A running server, its books, and a client that is signed in."""

    url: str
    endpoint: GraphQLEndpoint
    books: Books
    http: httpx2.AsyncClient

    async def post(self, query: str, **more: Any) -> httpx2.Response:
        """Send an operation as a client of our day does."""
        return await self.http.post(self.url, json={"query": query, **more}, headers={"Accept": MODERN})


Serve = Callable[..., Awaitable[Shopkeeper]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts servers with settings of the test's own."""
    async with AsyncExitStack() as stack:

        async def start(limits: Limits | None = None, **options: Any) -> Shopkeeper:
            books = Books()
            context = options.pop("operation_context", books.context)
            operations = Operations(options.pop("schema", schema), context, limits or Limits())
            endpoint = GraphQLEndpoint(operations, **{"authenticate": authenticate} | options)
            url = await stack.enter_async_context(_served(endpoint))
            client = httpx2.AsyncClient(headers={"Authorization": "Bearer alice"}, timeout=20)
            http = await stack.enter_async_context(client)
            return Shopkeeper(url, endpoint, books, http)

        yield start


@pytest.fixture
async def shop(serve: Serve) -> Shopkeeper:
    """A server with the usual settings."""
    return await serve()


def code_of(response: httpx2.Response) -> str:
    """The code of the only error of an answer that has no data."""
    body = response.json()
    assert list(body) == ["errors"]
    [error] = body["errors"]
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]
    code: str = error["extensions"]["code"]
    return code


@asynccontextmanager
async def _served(endpoint: GraphQLEndpoint) -> AsyncIterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(Starlette(routes=[Route("/graphql", endpoint)]), lifespan="off", log_config=None)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    # Server.serve() would take over the signals of the test run, and its end lasts 200 ms.
    await server.startup(sockets=[listener])
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/graphql"
    finally:
        for listening in server.servers:
            listening.close()
        for connection in list(server.server_state.connections):
            connection.shutdown()
        await asyncio.gather(*server.server_state.tasks)
