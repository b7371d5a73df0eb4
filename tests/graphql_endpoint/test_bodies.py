"""Bodies: malformed, too long, too slow, odd; none makes a server error."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx2
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.graphql import Limits
from tests.graphql_endpoint.conftest import MODERN, Serve, Shopkeeper, code_of

HELLO = {"query": "{ hello }"}

MALFORMED: list[bytes] = [
    b"",
    b"{",
    b"null",
    b"5",
    b'"x"',
    b"true",
    b"[]",
    b'[{"query": "{ hello }"}]',
    b"{}",
    b'{"query": null}',
    b'{"query": 5}',
    b'{"query": {"kind": "Document"}}',
    b'{"query": ["{ hello }"]}',
    b'{"query": "{ hello }", "variables": "x"}',
    b'{"query": "{ hello }", "variables": [1]}',
    b'{"query": "{ hello }", "variables": 0}',
    b'{"query": "{ hello }", "operationName": 5}',
    b'{"query": "{ hello }", "operationName": {}}',
    b'{"query": "{ hello }", "extensions": "x"}',
    b'{"query": "{ hello }", "extensions": false}',
    b'{"query": "{ hello }"} trailing',
    b'{"query": "{ hello }", "variables": {"x": NaN}}',
    b'{"query": "\xff\xfe"}',
    b'{"query": "\\ud800"}',
    b"\xef\xbb\xbf" + b'{"query": "{ hello }"}',
    b'{"query": "{ hello }", "variables": {"x": ' + b"[" * 40 + b"]" * 40 + b"}}",
    b'{"query": "{ hello }", "variables": ' + b'{"x":' * 1000 + b"1" + b"}" * 1000 + b"}",
    b"[" * 100_000,
]


@pytest.mark.parametrize("body", MALFORMED, ids=lambda body: repr(body[:48]))
@pytest.mark.parametrize("accept", ["application/json", MODERN])
async def test_what_is_no_graphql_request_gets_400(shop: Shopkeeper, body: bytes, accept: str) -> None:
    headers = {"Content-Type": "application/json", "Accept": accept}
    response = await shop.http.post(shop.url, content=body, headers=headers)
    assert (response.status_code, code_of(response)) == (400, "BAD_USER_INPUT")
    assert shop.books.begun == []


@pytest.mark.parametrize(
    "parameters", [{}, {"query": "{ hello }", "variables": "{"}, {"query": "{hello}", "extensions": "1"}]
)
async def test_a_get_that_is_no_graphql_request_gets_400(shop: Shopkeeper, parameters: dict[str, str]) -> None:
    response = await shop.http.get(shop.url, params=parameters)
    assert (response.status_code, code_of(response)) == (400, "BAD_USER_INPUT")


@pytest.mark.parametrize("size", [1_000_001, 3_000_000])
async def test_gq_01_a_body_over_the_limit_gets_413_whether_it_tells_its_length_or_not(
    shop: Shopkeeper, size: int
) -> None:
    body = b'{"query": "{ hello }", "x": "' + b"x" * size + b'"}'

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 60_000):
            yield body[start : start + 60_000]

    for content in (body, chunks()):
        headers = {"Content-Type": "application/json"}
        response = await shop.http.post(shop.url, content=content, headers=headers)
        assert (response.status_code, code_of(response)) == (413, "BAD_USER_INPUT")
    assert shop.books.begun == []
    assert (await shop.post("{ hello }")).status_code == 200  # the connection goes on


async def test_a_body_just_within_the_limit_is_read(shop: Shopkeeper) -> None:
    body = orjson.dumps({**HELLO, "extensions": {"x": ""}})
    body = body.replace(b'""', b'"' + b"x" * (1_000_000 - len(body)) + b'"')
    assert len(body) == 1_000_000
    response = await shop.http.post(shop.url, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 200


async def test_a_body_that_does_not_arrive_in_time_gets_408(serve: Serve) -> None:
    shop = await serve(Limits(body_seconds=0.1))
    port = httpx2.URL(shop.url).port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = "POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer alice\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: 100\r\n\r\n{{".encode())
    assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
    writer.close()


async def test_what_a_json_scalar_holds_comes_back_as_it_was(shop: Shopkeeper) -> None:
    deep = json.loads("[" * 25 + "]" * 25)
    for value in (None, True, 2**53, -1.5, "\u0001 \u2028 \U0001f6b2", {"a": [1, {"b": None}]}, deep):
        response = await shop.post("query ($v: JSON!) { echo(value: $v) }", variables={"v": [value]})
        assert response.json()["data"] == {"echo": [value]}
    assert (await shop.post(f"{{ echo(value: {10**30}) price }}")).json()["data"] == {"echo": 10**30, "price": "49.90"}
    nested = "[" * 190 + "]" * 190
    assert (await shop.post(f"{{ echo(value: {nested}) }}")).json()["data"] == {"echo": json.loads(nested)}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
requests = st.fixed_dictionaries(
    {},
    optional={
        "query": st.sampled_from(["{ hello }", "query ($v: JSON!) { echo(value: $v) }", "{", "mutation { __typename }"])
        | st.text(max_size=30)
        | json_values,
        "variables": st.dictionaries(st.sampled_from(["v", "x"]), json_values) | json_values,
        "operationName": st.none() | json_values,
        "extensions": st.none() | json_values,
    },
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=(requests | json_values).map(json.dumps).map(str.encode) | st.binary(max_size=60), modern=st.booleans())
async def test_no_body_whatever_makes_a_server_error(shop: Shopkeeper, body: bytes, *, modern: bool) -> None:
    headers = {"Content-Type": "application/json", "Accept": MODERN if modern else "application/json"}
    response = await shop.http.post(shop.url, content=body, headers=headers)
    assert response.status_code in {200, 400}
    assert response.json().keys() <= {"data", "errors", "extensions"}
    codes = {error["extensions"]["code"] for error in response.json().get("errors", [])}
    assert codes <= {"BAD_USER_INPUT"}


async def test_more_objects_than_are_coerced_in_a_moment_are_refused_and_as_many_are_not(shop: Shopkeeper) -> None:
    most = await shop.post("{ __typename }", variables={"unused": [{}] * 1_998})  # and the body, and the variables
    assert most.status_code == 200, most.text
    more = await shop.post("{ __typename }", variables={"unused": [{}] * 1_999})
    assert (more.status_code, more.json()["errors"][0]["message"]) == (400, "JSON may hold 2000 objects.")
    braces = await shop.post("{ __typename }", variables={"unused": "{" * 5_000})
    assert braces.status_code == 200
