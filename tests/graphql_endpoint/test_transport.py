"""Media types, methods, bodies, parameters and request ids."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import orjson
import pytest
from gql import Client, GraphQLRequest
from gql.transport.httpx import HTTPXAsyncTransport
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.graphql import Limits
from tests.graphql_endpoint.conftest import MODERN, Serve, Shopkeeper

HELLO = {"query": "{ hello }"}
SEVERAL = "query A { hello } query B { double }"


def code_of(response: httpx2.Response) -> str:
    """The code of the only error of an answer that has no data."""
    body = response.json()
    assert list(body) == ["errors"]
    [error] = body["errors"]
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]
    code: str = error["extensions"]["code"]
    return code


async def test_gql_speaks_to_it(shop: Shopkeeper) -> None:
    transport = HTTPXAsyncTransport(shop.url, headers={"Authorization": "Bearer alice"})
    async with Client(transport=transport, fetch_schema_from_transport=True) as session:
        result = await session.execute(
            GraphQLRequest("query ($n: Int!) { double(number: $n) }", variable_values={"n": 21})
        )
    assert result == {"double": 42}


@pytest.mark.parametrize(
    ("accept", "answered_as"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        (MODERN, MODERN),
        (f"{MODERN}, application/json;q=0.9", MODERN),
        (f"application/json, {MODERN}", MODERN),
        (f"application/json, {MODERN};q=0.5", "application/json"),
        (f"application/json;q=0, {MODERN};q=0.1", MODERN),
        ("APPLICATION/JSON ; charset=utf-8", "application/json"),
        ("text/html, */*;q=0.1", "application/json"),
    ],
)
async def test_it_answers_in_the_media_type_that_the_client_prefers(
    shop: Shopkeeper, accept: str | None, answered_as: str
) -> None:
    request = shop.http.build_request("POST", shop.url, json=HELLO)
    del request.headers["accept"]
    if accept:
        request.headers["accept"] = accept
    response = await shop.http.send(request)
    assert (response.status_code, response.json()["data"]) == (200, {"hello": "Hello, world"})
    assert response.headers["content-type"] == f"{answered_as}; charset=utf-8"
    assert response.headers["vary"] == "Accept"
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("accept", ["text/html", "image/*", "application/json;q=0", "application/xml, nonsense"])
async def test_a_client_that_takes_neither_media_type_gets_406(shop: Shopkeeper, accept: str) -> None:
    response = await shop.http.post(shop.url, json=HELLO, headers={"Accept": accept})
    assert (response.status_code, code_of(response)) == (406, "BAD_USER_INPUT")
    assert shop.books.begun == []


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/json; charset=iso-8859-1"},
        {"Content-Type": "application/jsonp"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
async def test_only_plain_json_in_utf_8_is_taken(shop: Shopkeeper, content: dict[str, str]) -> None:
    response = await shop.http.post(shop.url, content=orjson.dumps(HELLO), headers=content)
    assert (response.status_code, code_of(response)) == (415, "BAD_USER_INPUT")
    assert response.headers["accept-post"] == "application/json"
    assert shop.books.begun == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"])
async def test_other_methods_get_405_and_are_told_which_are_allowed(shop: Shopkeeper, method: str) -> None:
    response = await shop.http.request(method, shop.url)
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


async def test_a_query_may_come_by_get(shop: Shopkeeper) -> None:
    given = {"query": SEVERAL, "operationName": "B", "variables": "{}", "extensions": "{}"}
    response = await shop.http.get(shop.url, params=given)
    assert (response.status_code, response.json()["data"]) == (200, {"double": 2})


@pytest.mark.parametrize(
    "kind", ['mutation { rename(input: {name: "x"}) { shop { name } } }', "subscription { ticks }"]
)
async def test_a_mutation_by_get_is_refused_and_changes_nothing(shop: Shopkeeper, kind: str) -> None:
    response = await shop.http.get(shop.url, params={"query": kind})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert (shop.books.begun, shop.books.renamed) == ([], [])


async def test_a_query_by_get_with_a_cookie_is_refused(serve: Serve) -> None:
    shop = await serve()
    async with httpx2.AsyncClient(cookies={"session": "alice"}) as browser:
        response = await browser.get(shop.url, params=HELLO)
        assert (response.status_code, response.headers["allow"]) == (405, "POST")
        assert shop.books.begun == []
        assert (await browser.post(shop.url, json=HELLO)).json()["data"] == {"hello": "Hello, world"}


async def test_nobody_is_answered_without_credentials(shop: Shopkeeper) -> None:
    introspection = {"query": "{ __schema { types { name } } }"}
    async with httpx2.AsyncClient() as stranger:
        for sent in (HELLO, introspection):
            response = await stranger.post(shop.url, json=sent, headers={"Accept": MODERN})
            assert (response.status_code, code_of(response)) == (401, "UNAUTHENTICATED")
            assert response.headers["www-authenticate"] == "Bearer"
            assert response.headers["content-type"] == f"{MODERN}; charset=utf-8"
    assert shop.books.begun == []


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


@pytest.mark.parametrize(
    "sent",
    [
        {"query": ""},
        {"query": "{"},
        {"query": "{ nothing }"},
        {"query": "{ hell }"},
        {"query": "query ($n: Int!) { double(number: $n) }"},
        {"query": "query ($n: Int!) { double(number: $n) }", "variables": {"n": "two"}},
        {"query": "query ($s: Size!) { fitting(size: $s) { name } }", "variables": {"s": "XXL"}},
        {"query": '{ fitting(size: "XXL") { name } }'},
        {"query": f"{{ double(number: {'9' * 5000}) }}"},
        {"query": f"{{ shop {{ bikes(first: {'9' * 5000}) {{ nodes {{ name }} }} }} }}"},
        {"query": "query ($n: Int!) { double(number: $n) }", "variables": {"n": 2**70}},
        {"query": SEVERAL},
        {"query": SEVERAL, "operationName": "C"},
        {"query": "{ hello }", "operationName": ""},
        {"query": "fragment F on Query { hello }"},
        {"query": "type Query { hello: String }"},
        {"query": "{ hello @unknown }"},
        {"query": "subscription { ticks }"},
        {"query": "{ shop { __schema { description } } }"},
        {"query": "\u0000"},
        {"query": "{ he\u202ello }"},
    ],
    ids=lambda sent: repr(sent)[:70],
)
async def test_what_does_not_parse_validate_or_fit_is_a_400_or_under_json_a_200(
    shop: Shopkeeper, sent: dict[str, Any]
) -> None:
    for accept, status in ((MODERN, 400), ("application/json", 200)):
        response = await shop.http.post(shop.url, json=sent, headers={"Accept": accept})
        assert (response.status_code, code_of(response)) == (status, "BAD_USER_INPUT")
        assert "did you mean" not in response.text.lower()
    assert shop.books.begun == []


async def test_an_error_names_its_place_in_the_document(shop: Shopkeeper) -> None:
    [error] = (await shop.post("{\n  hell\n}")).json()["errors"]
    assert error["message"] == "Cannot query field 'hell' on type 'Query'."
    assert error["locations"] == [{"line": 2, "column": 3}]


async def test_a_null_that_an_argument_does_not_take_is_told_in_execution(shop: Shopkeeper) -> None:
    query = "query ($n: Int = 1) { double(number: $n) hello }"
    [error] = (await shop.post(query, variables={"n": None})).json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["path"] == ["double"]


@pytest.mark.parametrize("sent", ["abc-123", "A.b_c~9", "x" * 64])
async def test_a_harmless_request_id_is_taken_over(shop: Shopkeeper, sent: str) -> None:
    response = await shop.http.post(shop.url, json={"query": "{ whoami nope }"}, headers={"X-Request-Id": sent})
    assert response.headers["x-request-id"] == sent == response.json()["errors"][0]["extensions"]["requestId"]
    response = await shop.http.post(shop.url, json={"query": "{ whoami }"}, headers={"X-Request-Id": sent})
    assert response.json()["data"] == {"whoami": f"alice {sent}"}


@pytest.mark.parametrize("sent", ["", "x" * 65, "a b", "a;b", 'a"b', "<x>", "a\tb", "é"])
async def test_another_request_id_is_replaced(shop: Shopkeeper, sent: str) -> None:
    headers = [(b"x-request-id", sent.encode("latin-1"))]
    response = await shop.http.post(shop.url, json=HELLO, headers=headers)
    assert response.status_code == 200
    assert response.headers["x-request-id"] != sent
    assert len(response.headers["x-request-id"]) == 32


@pytest.mark.parametrize("size", [1_000_001, 3_000_000])
async def test_a_body_over_the_limit_gets_413_whether_it_tells_its_length_or_not(shop: Shopkeeper, size: int) -> None:
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
    for value in (None, True, 2**53, -1.5, "\u0000 \u2028 \U0001f6b2", {"a": [1, {"b": None}]}, deep):
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
