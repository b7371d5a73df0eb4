"""Applications on a person's own machine, and where their codes go: the ids are those of the list of checks."""

from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from auth.oauth.authentication_method import AuthenticationMethod
from auth.permissions import Permission
from tests.auth.house import House
from tests.auth.oauth.third_party import member, register


@pytest.mark.parametrize(
    ("registered", "asked", "taken"),
    [
        pytest.param("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", True, id="AS-03 another port"),
        pytest.param("http://127.0.0.1:1/cb", "http://127.0.0.1/cb", True, id="AS-03 no port"),
        pytest.param("http://[::1]/cb", "http://[::1]:51004/cb", True, id="AS-03 IPv6"),
        pytest.param("http://127.0.0.1/cb", "http://127.0.0.1:51004/other", False, id="AS-03 another path"),
        pytest.param("http://127.0.0.1/cb", "http://[::1]:51004/cb", False, id="AS-03 another host"),
        pytest.param("http://127.0.0.1/cb", "https://127.0.0.1:51004/cb", False, id="AS-03 another scheme"),
        pytest.param("http://127.0.0.1/cb", "http://x@127.0.0.1:51004/cb", False, id="AS-03 a user name"),
        pytest.param(
            "http://127.0.0.1/cb", "http://127.0.0.1:51004@evil.com/cb", False, id="AS-03 another host in disguise"
        ),
        pytest.param(
            "http://localhost/cb", "http://localhost:51004/cb", False, id="AS-03 a name instead of an address"
        ),
        pytest.param("https://app.example.com/cb", "https://app.example.com:51004/cb", False, id="AS-03 no loopback"),
    ],
)
async def test_a_native_application_listens_on_any_port_of_loopback(
    house: House, falcon: UUID, registered: str, asked: str, *, taken: bool
) -> None:
    application = await register(house, Permission.USAGE_READ, redirect_uri=registered)
    _, session = await member(house, falcon)
    page = await application.ask(session, redirect_uri=asked)
    assert page.status_code == (200 if taken else 400)
    confidential = await register(
        house,
        Permission.USAGE_READ,
        redirect_uri=registered,
        authentication=AuthenticationMethod.CLIENT_SECRET_BASIC,
    )
    assert (await confidential.ask(session, redirect_uri=asked)).status_code == 400


async def test_as_03_the_code_goes_to_the_port_that_was_asked_for(house: House, falcon: UUID) -> None:
    application = await register(house, Permission.USAGE_READ, redirect_uri="http://127.0.0.1/cb")
    _, session = await member(house, falcon)
    asked = "http://127.0.0.1:51004/cb"
    page = await application.ask(session, redirect_uri=asked)
    assert "form-action 'self' http://127.0.0.1:51004;" in page.headers["content-security-policy"]
    location = (await application.answer(session, page)).headers["location"]
    assert location.startswith(asked + "?code=")
    code = parse_qs(urlsplit(location).query)["code"][0]
    assert (await application.exchange(code, redirect_uri=asked)).status_code == 200


async def test_a_private_scheme_is_gone_to(house: House, falcon: UUID) -> None:
    application = await register(house, Permission.USAGE_READ, redirect_uri="com.example.helper:/cb")
    _, session = await member(house, falcon)
    page = await application.ask(session)
    assert "form-action 'self' com.example.helper:;" in page.headers["content-security-policy"]
    location = (await application.answer(session, page)).headers["location"]
    assert location.startswith("com.example.helper:/cb?code=")
