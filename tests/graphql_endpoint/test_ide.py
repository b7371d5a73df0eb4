"""GraphiQL is for people who are signed in, and loads nothing from elsewhere."""

from pathlib import Path

import httpx2
import pytest
from starlette.requests import Request

from api.graphql import ide_page
from auth.authentication import AuthenticationError
from auth.principal import Principal
from tests.graphql_endpoint.conftest import Serve, Shopkeeper, code_of
from tests.graphql_endpoint.shop import SECRET, authenticate

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PAGE = "<!doctype html><title>GraphiQL</title>"


async def visitor(request: Request) -> Principal | None:
    """Who has a session."""
    try:
        return await authenticate(request)
    except AuthenticationError:
        return None


@pytest.fixture
async def shop(serve: Serve, tmp_path: Path) -> Shopkeeper:
    (tmp_path / "graphiql.html").write_text(PAGE)
    return await serve(ide_page=ide_page(visitor, tmp_path))


async def test_gq_06_who_is_not_signed_in_is_sent_to_the_sign_in_page(shop: Shopkeeper) -> None:
    async with httpx2.AsyncClient(timeout=60) as browser:
        response = await browser.get(shop.url, headers=BROWSER)
    assert (response.status_code, response.headers["location"]) == (303, "/sign-in?return_to=%2Fgraphql")
    assert response.headers["cache-control"] == "no-store"


async def test_who_is_signed_in_gets_the_page_under_a_strict_policy(shop: Shopkeeper) -> None:
    async with httpx2.AsyncClient(cookies={"session": "alice"}, timeout=60) as browser:
        response = await browser.get(shop.url, headers=BROWSER)
    assert (response.status_code, response.text) == (200, PAGE)
    assert response.headers["cache-control"] == "no-store"
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "http" not in policy


async def test_clients_of_the_api_never_get_the_page(shop: Shopkeeper) -> None:
    for accept in ("application/json", "*/*", "application/graphql-response+json, text/html;q=0.1"):
        response = await shop.http.get(shop.url, params={"query": "{ hello }"}, headers={"Accept": accept})
        assert response.json()["data"] == {"hello": "Hello, world"}


async def test_a_page_that_is_not_built_is_said_to_be_so(serve: Serve, tmp_path: Path) -> None:
    shop = await serve(ide_page=ide_page(visitor, tmp_path))
    response = await shop.http.get(shop.url, headers=BROWSER)
    assert (response.status_code, response.text) == (404, "GraphiQL is not built. Run: make page\n")


async def test_without_a_page_a_browser_is_told_that_there_is_none(serve: Serve) -> None:
    shop = await serve()
    response = await shop.http.get(shop.url, headers={"Accept": "text/html"})
    assert response.status_code == 406


async def test_a_visitor_who_cannot_be_looked_up_gets_no_stack_trace(serve: Serve, tmp_path: Path) -> None:
    async def broken(_: Request) -> Principal | None:
        raise ConnectionError(SECRET)

    shop = await serve(ide_page=ide_page(broken, tmp_path))
    response = await shop.http.get(shop.url, headers=BROWSER)
    assert (response.status_code, code_of(response)) == (500, "INTERNAL")
    assert SECRET not in response.text
