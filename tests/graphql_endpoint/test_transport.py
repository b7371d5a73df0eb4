"""Media types, methods, bodies, parameters and request ids."""

from typing import Any

import httpx2
import orjson
import pytest
from gql import Client, GraphQLRequest
from gql.transport.httpx import HTTPXAsyncTransport

from tests.graphql_endpoint.conftest import MODERN, Serve, Shopkeeper, code_of

HELLO = {"query": "{ hello }"}
SEVERAL = "query A { hello } query B { double }"


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
async def test_gq_08_a_client_that_takes_neither_media_type_gets_406(shop: Shopkeeper, accept: str) -> None:
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
async def test_gq_08_only_plain_json_in_utf_8_is_taken(shop: Shopkeeper, content: dict[str, str]) -> None:
    response = await shop.http.post(shop.url, content=orjson.dumps(HELLO), headers=content)
    assert (response.status_code, code_of(response)) == (415, "BAD_USER_INPUT")
    assert response.headers["accept-post"] == "application/json"
    assert shop.books.begun == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"])
async def test_gq_12_other_methods_get_405_and_are_told_which_are_allowed(shop: Shopkeeper, method: str) -> None:
    response = await shop.http.request(method, shop.url)
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


async def test_a_query_may_come_by_get(shop: Shopkeeper) -> None:
    given = {"query": SEVERAL, "operationName": "B", "variables": "{}", "extensions": "{}"}
    response = await shop.http.get(shop.url, params=given)
    assert (response.status_code, response.json()["data"]) == (200, {"double": 2})


@pytest.mark.parametrize(
    "kind", ['mutation { rename(input: {name: "x"}) { shop { name } } }', "subscription { ticks }"]
)
async def test_gq_08_a_mutation_by_get_is_refused_and_changes_nothing(shop: Shopkeeper, kind: str) -> None:
    response = await shop.http.get(shop.url, params={"query": kind})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert (shop.books.begun, shop.books.renamed) == ([], [])


async def test_bf_09_a_query_by_get_with_a_cookie_is_refused(serve: Serve) -> None:
    shop = await serve()
    async with httpx2.AsyncClient(cookies={"session": "alice"}, timeout=60) as browser:
        response = await browser.get(shop.url, params=HELLO)
        assert (response.status_code, response.headers["allow"]) == (405, "POST")
        assert shop.books.begun == []
        assert (await browser.post(shop.url, json=HELLO)).json()["data"] == {"hello": "Hello, world"}


async def test_nobody_is_answered_without_credentials(shop: Shopkeeper) -> None:
    introspection = {"query": "{ __schema { types { name } } }"}
    async with httpx2.AsyncClient(timeout=60) as stranger:
        for sent in (HELLO, introspection):
            response = await stranger.post(shop.url, json=sent, headers={"Accept": MODERN})
            assert (response.status_code, code_of(response)) == (401, "UNAUTHENTICATED")
            assert response.headers["www-authenticate"] == "Bearer"
            assert response.headers["content-type"] == f"{MODERN}; charset=utf-8"
    assert shop.books.begun == []


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
