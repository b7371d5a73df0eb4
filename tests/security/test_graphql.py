"""The GraphQL endpoint of the whole product under attack: what anonymous callers learn, batches, broken HTTP."""

import asyncio
from typing import Any

import httpx2
import pytest
from graphql import build_client_schema, build_schema, get_introspection_query

from auth.permissions import TenantRole
from portal_schema.schema import sdl
from tests.product import Caller, Product

HELLO = "{ viewer { tenant { name } } }"
QUERY = b'{"query": "{ __typename }"}'


async def _anonymous(product: Product, **body: Any) -> httpx2.Response:
    return await Caller(f"{product.url}/graphql", {"X-Request-Id": "asked"}).post(**body)


async def test_gq_04_a_batch_of_operations_is_refused_whole(product: Product) -> None:
    tenant = await product.tenant()
    async with httpx2.AsyncClient(trust_env=False, headers=tenant.machine.headers, timeout=60) as http:
        for count in (1, 2, 100):
            answer = await http.post(f"{product.url}/graphql", json=[{"query": HELLO}] * count)
            assert answer.status_code == 400
            assert "data" not in answer.json()


async def test_gq_04_secrets_are_not_tried_by_the_hundred_in_one_request(product: Product) -> None:
    tenant = await product.tenant()
    caller = await product.member(tenant.id, TenantRole.OWNER)
    one = 'a%d: apiClientDisable(id: "x%d") { errors { code } }'
    tried = await caller.post(query="mutation { " + " ".join(one % (n, n) for n in range(21)) + " }")
    assert tried.status_code == 400
    assert "data" not in tried.json()
    fewer = await caller.post(query="mutation { " + " ".join(one % (n, n) for n in range(20)) + " }")
    assert len(fewer.json()["data"]) == 20


async def test_gq_06_without_credentials_a_question_about_the_schema_looks_like_nonsense(product: Product) -> None:
    asked = [get_introspection_query(), HELLO, "{ contcts }", "{ nothing { here", "mutation { x }"]
    answers = [await _anonymous(product, query=query) for query in asked]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        page = await http.get(f"{product.url}/graphql", headers={"Accept": "text/html"})
    assert page.status_code == 303
    assert page.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize(
    "query",
    [
        "{ contcts { nodes { id } } }",
        "{ contacts { nods { id } } }",
        "{ contacts(frst: 1) { nodes { id } } }",
        '{ node(id: "x") { ... on Contct { id } } }',
        "query ($x: ContactFiltr) { contacts(filter: $x) { nodes { id } } }",
        "mutation { contactCreate(input: {numbr: 1}) { errors { code } } }",
        "{ contacts(sort: {field: NAM}) { nodes { id } } }",
    ],
)
async def test_gq_06_a_misspelt_name_is_not_corrected(product: Product, query: str) -> None:
    tenant = await product.tenant()
    answer = await tenant.machine.post(query=query)
    assert answer.json()["errors"]
    assert "did you mean" not in answer.text.lower()


async def test_gq_14_what_the_endpoint_tells_of_itself_is_what_is_committed(product: Product) -> None:
    tenant = await product.tenant()
    told = await tenant.machine.post(query=get_introspection_query())
    built = build_client_schema(told.json()["data"])
    committed = build_schema(sdl())
    assert set(built.type_map) == set(committed.type_map)
    for name, kind in committed.type_map.items():
        assert getattr(built.type_map[name], "fields", {}).keys() == getattr(kind, "fields", {}).keys(), name


def _request(*headers: bytes, body: bytes = QUERY, line: bytes = b"POST /graphql HTTP/1.1") -> bytes:
    return b"\r\n".join([line, b"Host: localhost", b"Content-Type: application/json", *headers, b"", body])


SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
LENGTH = b"Content-Length: " + str(len(QUERY)).encode()
BROKEN = {
    "two lengths": (_request(LENGTH, b"Content-Length: 5"), {400}),
    "a length and chunks": (_request(LENGTH, b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + SMUGGLED), {400}),
    "chunks and a length": (
        _request(b"Transfer-Encoding: chunked", b"Content-Length: 4", body=b"0\r\n\r\n" + SMUGGLED),
        {400},
    ),
    "another coding": (_request(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n" + SMUGGLED), {400, 501}),
    "a coding in disguise": (_request(b"Transfer-Encoding : chunked", body=b"0\r\n\r\n" + SMUGGLED), {400}),
    "a negative length": (_request(b"Content-Length: -1"), {400}),
    "a length in words": (_request(b"Content-Length: 1e3"), {400}),
    "a chunk of no size": (_request(b"Transfer-Encoding: chunked", body=b"zz\r\n\r\n"), {400}),
    "a NUL in a header": (_request(LENGTH, b"X-Any: a\0b"), {400}),
    "a line end in a header": (_request(LENGTH, b"X-Any: a\rSet-Cookie: b"), {400}),
    "no method": (_request(LENGTH, line=b"/graphql HTTP/1.1"), {400}),
    "no version": (_request(LENGTH, line=b"POST /graphql"), {400, 401}),
    "a method of its own": (_request(LENGTH, line=b"SMUGGLE /graphql HTTP/1.1"), {400, 405, 501}),
    "TRACE": (_request(LENGTH, line=b"TRACE /graphql HTTP/1.1"), {400, 405}),
    "CONNECT": (_request(LENGTH, line=b"CONNECT evil.example:443 HTTP/1.1"), {400, 404, 405}),
}


async def _answers(product: Product, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(product.url.rpartition(":")[2]))
    try:
        writer.write(request)
        writer.write_eof()
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("what", BROKEN)
async def test_gq_12_broken_http_is_refused_and_smuggles_no_second_request(product: Product, what: str) -> None:
    request, allowed = BROKEN[what]
    answer = await _answers(product, request)
    assert int(answer.split(b" ", 2)[1]) in allowed, answer
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b'"ok"' not in answer
    assert b"Traceback" not in answer


@pytest.mark.parametrize("header", [b"X-Any: " + b"x" * 1_000_000, b"\r\n".join(b"X-%d: x" % n for n in range(50_000))])
async def test_gq_12_headers_without_end_are_not_read_to_their_end(product: Product, header: bytes) -> None:
    answer = await _answers(product, _request(LENGTH, header))
    assert answer == b"" or int(answer.split(b" ", 2)[1]) in {400, 401, 413, 431}
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        assert (await http.get(f"{product.url}/healthz")).status_code == 200
