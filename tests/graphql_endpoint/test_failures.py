"""What goes wrong inside stays inside; deadlines, hang-ups, and requests side by side."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import httpx2
import pytest
import structlog
from graphql import OperationType
from structlog.testing import capture_logs

from api.graphql import Limits
from auth.principal import Principal
from portal_schema.errors import ErrorCode, RequestError
from tests.graphql_endpoint.conftest import MODERN, Serve, Shopkeeper, code_of
from tests.graphql_endpoint.shop import SECRET, Books, Context

RENAME = 'mutation { rename(input: {name: "Owl & Sons"}) { shop { name } } }'
MASK = "Something went wrong on our side. Quote the request id if you ask us about it."


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    """What structlog was given."""
    with capture_logs() as entries:
        yield entries


@pytest.mark.parametrize(
    ("query", "exceptions"),
    [
        ("{ hello boom }", ["builtins.RuntimeError", "builtins.KeyError"]),
        ("{ hello boomLater }", ["graphql.error.graphql_error.GraphQLError"]),
        ("{ hello returned }", ["builtins.RuntimeError"]),
        ("{ hello shop { required } }", ["builtins.KeyError"]),
        (
            "{ hello things { ... on Wheel { badLeaf } } }",
            ["graphql.error.graphql_error.GraphQLError", "builtins.ValueError"],
        ),
    ],
)
async def test_gq_07_what_a_resolver_fails_with_is_masked_and_logged_without_its_text(
    shop: Shopkeeper, logs: list[Any], query: str, exceptions: list[str]
) -> None:
    response = await shop.post(f"query ($v: String) {{ copy: hello(name: $v) {query[1:]}", variables={"v": SECRET})
    body = response.json()
    assert response.status_code == 200
    assert body["data"].pop("copy") == f"Hello, {SECRET}"
    assert body["data"]["hello"] == "Hello, world"
    [error] = body["errors"]
    request_id = response.headers["x-request-id"]
    assert error["message"] == MASK
    assert error["extensions"] == {"code": "INTERNAL", "requestId": request_id}
    assert error["path"][0] in query
    assert SECRET not in str(error)
    [entry] = logs
    assert entry["raised"] == exceptions
    assert entry["request_id"] == request_id
    assert entry["log_level"] == "error"
    assert isinstance(entry["frames"], list)
    assert SECRET not in str(logs)
    assert "Hello" not in str(logs)


async def test_a_refusal_of_ours_is_shown_with_its_code_and_details(shop: Shopkeeper, logs: list[Any]) -> None:
    response = await shop.post("{ absent { name } forbidden }")
    request_id = response.headers["x-request-id"]
    assert response.status_code == 200
    assert response.json()["data"] == {"absent": None, "forbidden": None}
    assert response.json()["errors"] == [
        {
            "message": "There is no such object.",
            "locations": [{"line": 1, "column": 3}],
            "path": ["absent"],
            "extensions": {"code": "NOT_FOUND", "requestId": request_id},
        },
        {
            "message": "Not for you.",
            "locations": [{"line": 1, "column": 19}],
            "path": ["forbidden"],
            "extensions": {"code": "FORBIDDEN", "requiredScopes": ["messages:send"], "requestId": request_id},
        },
    ]
    assert logs == []


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (ErrorCode.UNAUTHENTICATED, 401),
        (ErrorCode.FORBIDDEN, 403),
        (ErrorCode.BAD_USER_INPUT, 400),
        (ErrorCode.RATE_LIMITED, 429),
        (ErrorCode.UPSTREAM_UNAVAILABLE, 503),
    ],
)
async def test_the_context_may_refuse_an_operation(shop: Shopkeeper, code: ErrorCode, status: int) -> None:
    shop.books.refuse_with = RequestError(code, "Not now.", retryAfter=5)
    for accept in (MODERN, "application/json"):
        response = await shop.http.post(shop.url, json={"query": RENAME}, headers={"Accept": accept})
        assert (response.status_code, code_of(response)) == (status, code.value)
        assert response.json()["errors"][0]["extensions"]["retryAfter"] == 5
    assert shop.books.renamed == []


@pytest.mark.parametrize("moment", ["begin", "commit"])
async def test_no_data_goes_out_when_the_context_fails(shop: Shopkeeper, logs: list[Any], moment: str) -> None:
    shop.books.fail_on = moment
    response = await shop.post("{ hello }")
    assert (response.status_code, code_of(response)) == (500, "INTERNAL")
    assert SECRET not in response.text + str(logs)
    assert logs[0]["raised"] == ["builtins.ConnectionError"]


async def test_authentication_that_breaks_is_masked(serve: Serve, logs: list[Any]) -> None:
    async def broken(_: object) -> Principal:
        raise OSError(SECRET)

    shop = await serve(authenticate=broken)
    response = await shop.post("{ hello }")
    assert (response.status_code, code_of(response)) == (500, "INTERNAL")
    assert SECRET not in response.text + str(logs)


async def test_nothing_at_all_is_logged_by_strawberry_or_graphql(
    shop: Shopkeeper, caplog: pytest.LogCaptureFixture, logs: list[Any]
) -> None:
    with caplog.at_level(logging.DEBUG):
        await shop.post("{ boom }")
    assert SECRET not in caplog.text
    assert len(logs) == 1


async def test_every_log_line_of_a_request_can_carry_its_id(serve: Serve) -> None:
    bound: list[Any] = []

    @asynccontextmanager
    async def context(
        principal: Principal, _: OperationType, request_id: str, __: str | None
    ) -> AsyncIterator[Context]:
        bound.append(structlog.contextvars.get_contextvars())
        yield Context(principal, request_id, Books())

    shop = await serve(operation_context=context)
    response = await shop.post("{ hello }")
    assert bound == [{"request_id": response.headers["x-request-id"]}]


async def test_gq_05_a_slow_operation_is_stopped_at_its_deadline_and_its_context_undone(serve: Serve) -> None:
    shop = await serve(Limits(deadline_seconds=0.1))
    for query in ("{ hello slow }", 'mutation { slowRename(name: "x") }'):
        response = await shop.post(query)
        assert (response.status_code, code_of(response)) == (504, "UPSTREAM_UNAVAILABLE")
    assert [await shop.books.next_end() for _ in range(2)] == ["CancelledError"] * 2
    assert shop.books.renamed == []


async def test_a_timeout_inside_the_context_is_a_failure_like_any_other(serve: Serve) -> None:
    class Late(nullcontext[None]):
        async def __aenter__(self) -> None:
            raise TimeoutError(SECRET)

    response = await (await serve(operation_context=lambda *_: Late())).post("{ hello }")
    assert (response.status_code, code_of(response)) == (500, "INTERNAL")


async def _hang_up(shop: Shopkeeper, query: str) -> None:
    request = asyncio.create_task(shop.post(query))
    await shop.books.entered.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request


async def test_a_query_ends_when_its_client_hangs_up(shop: Shopkeeper) -> None:
    await _hang_up(shop, "{ slow }")
    assert await shop.books.next_end() == "CancelledError"


async def test_a_mutation_goes_on_when_its_client_hangs_up(shop: Shopkeeper) -> None:
    await _hang_up(shop, 'mutation { slowRename(name: "Owl") }')
    await shop.post("{ hello }")  # by now the server knows of it
    assert await shop.books.next_end() == "committed"
    assert shop.books.renamed == []
    shop.books.released.set()
    assert await shop.books.next_end() == "committed"
    assert shop.books.renamed == ["Owl"]


async def test_requests_side_by_side_never_see_each_other(shop: Shopkeeper) -> None:
    people = ["alice", "bob", "carol", "dave"]

    async def ask(number: int) -> None:
        name, query = people[number % 4], ["{ a: whoami b: whoamiLater }", "{ b: whoamiLater a: whoami }"][number % 2]
        headers = {"Authorization": f"Bearer {name}", "X-Request-Id": f"r{number}"}
        response = await shop.http.post(shop.url, json={"query": query}, headers=headers)
        assert response.json()["data"] == {"a": f"{name} r{number}", "b": f"{name} r{number}"}

    await asyncio.gather(*(ask(number) for number in range(100)))
    assert sorted(shop.books.begun) == sorted((people[n % 4], OperationType.QUERY, f"r{n}") for n in range(100))
    assert [await shop.books.next_end() for _ in people * 25] == ["committed"] * 100


async def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_failure(
    shop: Shopkeeper, logs: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", httpx2.URL(shop.url).port)
    head = "POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer alice\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: 100\r\n\r\n{{".encode())
    await writer.drain()
    await shop.post("{ hello }")
    writer.close()
    await writer.wait_closed()
    await shop.post("{ hello }")
    assert logs == []
    assert "Traceback" not in caplog.text
