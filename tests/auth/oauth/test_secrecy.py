"""What is proven about logs and answers: no token, secret, code or name of anybody in them."""

import logging
from collections.abc import Iterator
from uuid import UUID

import httpx2
import pytest

from auth.oauth.authentication_method import AuthenticationMethod
from auth.permissions import Permission, TenantRole
from tests.auth.house import PASSWORD, House
from tests.auth.oauth.third_party import REDIRECT_URI, register


class _Heard(logging.Handler):
    """All that is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("httpx2"):  # the client of this test
            return
        self.text += f"{record.name} {record.getMessage()} {record.__dict__.get('exc_text') or ''}\n"


@pytest.fixture
def heard() -> Iterator[_Heard]:
    """Everything at the level that the product logs at, and of our own rooms all there is."""
    handler, root, own = _Heard(), logging.getLogger(), logging.getLogger("auth")
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    own.setLevel(logging.DEBUG)
    try:
        yield handler
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
        own.setLevel(logging.NOTSET)


async def test_rs_38_neither_logs_nor_refusals_hold_what_was_secret(house: House, falcon: UUID, heard: _Heard) -> None:
    email = "dora.secretive@example.com"
    person = await house.person(email, roles={falcon: TenantRole.DEVELOPER})
    session = await house.services.sessions.start(person)
    application = await register(house, Permission.USAGE_READ, authentication=AuthenticationMethod.CLIENT_SECRET_BASIC)
    machine = await house.api_client(falcon, Permission.USAGE_READ)
    code = await application.code(session)
    tokens = (await application.exchange(code)).json()
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    newer = (await application.refresh(refresh)).json()
    own = await house.token(machine)
    refused = [
        await house.http.post("/sign-in", data={"email": email, "password": PASSWORD + "x"}),
        await application.exchange(code),
        await application.refresh(refresh),
        await application.exchange(code, code_verifier="v" * 43),
        await house.http.post("/oauth/token", data={"grant_type": access}, auth=(machine.client_id, "wrong-secret")),
        await house.http.post("/oauth/token", data={"grant_type": "client_credentials", "client_secret": refresh}),
        await house.http.post("/oauth/introspect", data={"token": access}, auth=(own, refresh)),
        await application.ask(session, redirect_uri=REDIRECT_URI + f"?{access}"),
        await application.ask(session, scope=refresh),
        await application.ask(session, prompt="none", code_challenge=access),
        await house.http.post("/oauth/authorize", data={"request": code, "proof": access, "decision": "allow"}),
        *[await house.who(f"Bearer {bad}") for bad in (access, newer["access_token"], own + "=", own[:-4], refresh)],
        await house.http.get(f"/graphql?access_token={own}"),
    ]
    assert not any(answer.is_success for answer in refused)
    secret = [code, access, refresh, own, session, email, PASSWORD, str(person), "wrong-secret", application.verifier]
    secret += [newer["access_token"], newer["refresh_token"], application.secret or "", machine.client_secret]
    secret += [part for token in (access, own) for part in token.split(".")[1:]]
    told = "".join(_said(answer) for answer in refused)
    assert [one for one in secret if one in heard.text] == []
    assert [one for one in secret if one in told] == []
    assert "access token refused" in heard.text
    assert "client authentication failed" in heard.text
    assert "used twice" in heard.text


def _said(answer: httpx2.Response) -> str:
    return f"{answer.headers} {answer.text}"
