"""What holds for every page and form of this room, read from its routes: a new one is covered the day it is added."""

from collections.abc import AsyncIterator

import pytest

from auth.external.settings import ProviderSettings, SignInMethods
from auth.routes import auth_routes
from portal.database import Database
from portal.database.address import DatabaseAddress
from tests.auth.house import House, cookie, serve
from tests.auth.stored import everything_stored
from tests.turnable_clock import TurnableClock

MACHINES = {"/oauth/token", "/oauth/revoke", "/oauth/introspect"}  # a client's secret or assertion, and no cookie
FILES = {"/sign-in/style.css", "/sign-in/passkey.js"}
DATA = {"/.well-known/oauth-authorization-server", "/.well-known/jwks.json"}
FORGED: list[dict[str, str]] = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "https://evil.example.com"},
    {"Origin": "null"},
    {},
]
FIELDS = dict.fromkeys(("email", "password", "tenant", "token", "code", "old", "new", "again", "grant", "passkey"), "x")
PROVIDER = ProviderSettings("https://login.example.com", "the-portal", "the-secret", "Falcon ID")


@pytest.fixture
async def house(database: Database, clock: TurnableClock) -> AsyncIterator[House]:
    """The portal with all that it can offer."""
    async with serve(database, clock, sign_in_methods=SignInMethods(provider=PROVIDER)) as house:
        yield house


def _paths(house: House, method: str) -> set[str]:
    return {route.path for route in auth_routes(house.services) if method in (route.methods or ())}


async def test_bf_08_every_form_refuses_what_another_page_sends(
    house: House, superuser: DatabaseAddress, address: DatabaseAddress
) -> None:
    olga = await house.person("olga@example.com")
    session = await house.services.sessions.start(olga)
    before = await everything_stored(superuser.to(database=address.database))
    forms = _paths(house, "POST") - MACHINES
    assert {"/sign-in", "/sign-out", "/account/password", "/oauth/authorize", "/account/external/link"} <= forms
    for path in forms:
        for headers in FORGED:
            answer = await house.http.post(path, data=FIELDS, headers=headers | {"Cookie": cookie(session)})
            assert (answer.status_code, answer.headers.get("set-cookie")) == (403, None), (path, headers)
    assert await everything_stored(superuser.to(database=address.database)) == before
    assert (await house.who_by_cookie(session)).status_code == 200


async def test_bf_17_no_page_is_framed_kept_or_scripted_by_others(house: House) -> None:
    session = await house.services.sessions.start(await house.person("olga@example.com"))
    pages = _paths(house, "GET") - FILES - DATA
    assert {"/sign-in", "/account", "/oauth/authorize", "/sign-in/external/callback"} <= pages
    for path in pages:
        answer = await house.http.get(path, headers={"Cookie": cookie(session)})
        assert answer.status_code < 500, path
        policy = dict(rule.partition(" ")[::2] for rule in answer.headers["content-security-policy"].split("; "))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'", path
        assert policy.get("script-src", "'self'") == policy["style-src"] == policy["form-action"] == "'self'", path
        assert answer.headers["x-frame-options"] == "DENY", path
        assert answer.headers["cache-control"] == "no-store", path
