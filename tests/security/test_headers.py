"""Every answer of every route tells the browser what it must not do with it."""

from uuid import UUID

import httpx2
import pytest

from api.headers import SafeHeaders
from tests.product import Product

WEBHOOK = f"/webhooks/twilio/{UUID(int=1)}/messages/{UUID(int=2)}"
ASKED = [
    ("GET", "/"),
    ("GET", "/index.html"),
    ("GET", "/assets/none.js"),
    ("GET", "/sign-in"),
    ("GET", "/sign-in/style.css"),
    ("GET", "/sign-in/passkey.js"),
    ("GET", "/sign-in/second-factor"),
    ("GET", "/sign-in/enrol"),
    ("GET", "/account"),
    ("GET", "/password/forgotten"),
    ("GET", "/password/reset?token=x"),
    ("GET", "/email/verify?token=x"),
    ("POST", "/account/password"),
    ("POST", "/sign-in"),
    ("POST", "/sign-out"),
    ("POST", "/session/tenant"),
    ("POST", "/oauth/token"),
    ("GET", "/.well-known/jwks.json"),
    ("GET", "/.well-known/oauth-authorization-server"),
    ("GET", "/graphql"),
    ("POST", "/graphql"),
    ("PUT", "/graphql"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("POST", WEBHOOK),
    ("GET", WEBHOOK),
    ("DELETE", "/sign-in"),
    ("POST", "/nothing"),
]


@pytest.mark.parametrize(("method", "path"), ASKED)
async def test_an_answer_is_neither_sniffed_nor_framed_nor_scripted(product: Product, method: str, path: str) -> None:
    async with httpx2.AsyncClient(trust_env=False, base_url=product.url, timeout=60) as http:
        answer = await http.request(method, path, headers={"Accept": "text/html"})
    headers = answer.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers.get_list("content-security-policy") == [headers["content-security-policy"]]
    assert headers["content-security-policy"].startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["referrer-policy"] == "same-origin"
    assert not {"server", "x-powered-by", "access-control-allow-origin"} & headers.keys()
    assert "strict-transport-security" not in headers  # this one is served over http


@pytest.mark.parametrize("path", ["/", "/messages"])
async def test_bf_17_the_page_runs_its_own_scripts_and_asks_its_own_server_alone(product: Product, path: str) -> None:
    async with httpx2.AsyncClient(trust_env=False, base_url=product.url, timeout=60) as http:
        answer = await http.get(path, headers={"Accept": "text/html"})
    rules = dict(rule.split(" ", 1) for rule in answer.headers["content-security-policy"].split("; "))
    allowed = {name: rules[name] for name in ("default-src", "script-src", "connect-src", "base-uri", "form-action")}
    assert allowed == {
        "default-src": "'none'",
        "script-src": "'self'",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
    }
    assert rules["frame-ancestors"] == "'none'"


@pytest.mark.parametrize("path", ["/graphql", "/sign-in", "/sign-in/second-factor", "/account/password", "/sign-out"])
async def test_bf_11_another_origin_may_not_ask_with_the_visitors_cookie(product: Product, path: str) -> None:
    asked = {
        "Origin": "https://evil.example.com",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-portal-request",
    }
    async with httpx2.AsyncClient(trust_env=False, base_url=product.url, timeout=60) as http:
        answer = await http.options(path, headers=asked)
    assert answer.status_code >= 400
    assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_bf_17_over_https_browsers_stay_with_https() -> None:
    async def app(_: object, __: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]  # ASGI by hand
        await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]  # the same

    transport = httpx2.ASGITransport(SafeHeaders(app, https=True))
    async with httpx2.AsyncClient(transport=transport, base_url="https://portal.example.com", timeout=60) as http:
        assert (await http.get("/")).headers["strict-transport-security"] == "max-age=31536000"
