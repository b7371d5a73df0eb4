"""An application as its maker writes it: it sends people to the portal, and exchanges what they come back with."""

import html
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

import httpx2

from auth.oauth.applications import ApplicationOffer, NewApplication, add_application
from auth.oauth.authentication_method import AuthenticationMethod
from auth.permissions import Permission, TenantRole
from portal.database import DatabaseRole
from tests.auth.house import House, cookie

REDIRECT_URI = "https://app.example.com/callback"
STATE = "a state & more = ä"


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636, 4.2)."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass
class ThirdParty:
    """One application, registered at the house."""

    house: House
    client_id: str
    secret: str | None
    redirect_uri: str = REDIRECT_URI
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    def request(self, **changes: str | None) -> dict[str, str]:
        """The parameters of a right authorization request, with changes (None: without)."""
        usual: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "state": STATE,
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (usual | changes).items() if value is not None}

    async def ask(self, session: str | None, **changes: str | None) -> httpx2.Response:
        """Send a person's browser to the portal."""
        return await self.ask_with(session, urlencode(self.request(**changes)))

    async def ask_with(self, session: str | None, query: str) -> httpx2.Response:
        """The same with this very query."""
        headers = {"Cookie": cookie(session)} if session else {}
        return await self.house.http.get(f"/oauth/authorize?{query}", headers=headers)

    async def answer(self, session: str, page: httpx2.Response, decision: str = "allow") -> httpx2.Response:
        """Press a button of the consent page."""
        fields = hidden_fields(page) | {"decision": decision}
        return await self.house.http.post("/oauth/authorize", data=fields, headers={"Cookie": cookie(session)})

    async def code(self, session: str, **changes: str | None) -> str:
        """The code that a consent brings."""
        return told(await self.answer(session, await self.ask(session, **changes)))["code"]

    async def exchange(self, code: str, /, **changes: str | None) -> httpx2.Response:
        """Ask for tokens with a code."""
        return await self.token(
            grant_type="authorization_code",
            **{"code": code, "redirect_uri": self.redirect_uri, "code_verifier": self.verifier} | changes,
        )

    async def refresh(self, refresh_token: str, /, **changes: str | None) -> httpx2.Response:
        """Ask for tokens with a refresh token."""
        return await self.token(grant_type="refresh_token", **{"refresh_token": refresh_token} | changes)

    async def token(self, **fields: str | None) -> httpx2.Response:
        """A request to the token endpoint, as this client."""
        return await self.post("/oauth/token", **fields)

    async def post(self, path: str, **fields: str | None) -> httpx2.Response:
        """A request of this client; a public one names itself."""
        sent = {name: value for name, value in fields.items() if value is not None}
        if self.secret is None:
            return await self.house.http.post(path, data={"client_id": self.client_id} | sent)
        return await self.house.http.post(path, data=sent, auth=(self.client_id, self.secret))

    async def tokens(self, session: str, **changes: str | None) -> dict[str, str]:
        """The whole flow."""
        answer = await self.exchange(await self.code(session, **changes))
        assert answer.status_code == 200, answer.text
        tokens: dict[str, str] = answer.json()
        return tokens


async def register(
    house: House,
    *permissions: Permission,
    authentication: AuthenticationMethod = AuthenticationMethod.NONE,
    redirect_uri: str = REDIRECT_URI,
    for_staff: bool = False,
) -> ThirdParty:
    """Register an application, as the operator's command does."""
    offer = ApplicationOffer(
        "Booking helper", [redirect_uri], frozenset(permissions), authentication, for_staff=for_staff
    )
    made = await registered(house, offer)
    return ThirdParty(house, made.client_id, made.client_secret, redirect_uri)


async def registered(house: House, offer: ApplicationOffer) -> NewApplication:
    """Register this very offer."""
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        return await add_application(tx, house.clock.now(), offer)


async def member(house: House, tenant_id: UUID, role: TenantRole = TenantRole.DEVELOPER) -> tuple[UUID, str]:
    """Somebody of the tenant, and a session of theirs."""
    person_id = await house.person(f"{secrets.token_hex(4)}@example.com", roles={tenant_id: role})
    return person_id, await house.services.sessions.start(person_id)


def hidden_fields(page: httpx2.Response) -> dict[str, str]:
    """What the page's form sends by itself."""
    assert page.status_code == 200, page.text
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    return {name: html.unescape(value) for name, value in found}


def told(answer: httpx2.Response) -> dict[str, str]:
    """What the redirect to the application tells it."""
    assert answer.status_code == 303, answer.text
    location = answer.headers["location"]
    assert location.startswith(REDIRECT_URI + "?"), location
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query, strict_parsing=True).items()}


async def holds(house: House, tokens: dict[str, str]) -> int:
    """The status that the API answers the access token with."""
    return (await house.who(f"Bearer {tokens['access_token']}")).status_code
