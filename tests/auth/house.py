"""A served portal with nothing but this room's routes and one protected address, and people who live in it."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import httpx2
import orjson
import pyotp
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from auth.api_clients import NewApiClient, create_api_client
from auth.authentication import PROOF_HEADER, SESSION_COOKIE, AuthenticationError
from auth.effective import effective_permissions, permissions_of_staff
from auth.external.settings import SignInMethods
from auth.forms import FORM
from auth.passwords import Passwords
from auth.people import add_member, create_person
from auth.permissions import Permission, StaffRole, TenantRole
from auth.routes import auth_routes
from auth.second_factor.totp import set_totp
from auth.services import AuthServices
from portal.clock import new_id
from portal.database import Database, DatabaseRole
from portal.encryption import SecretBox
from portal.mail.queue import Mail
from tests.factories import CHEAP
from tests.serving import free_port
from tests.turnable_clock import TurnableClock

SECRET = "a made-up secret of enough characters"
PASSWORD = "correct horse battery staple"
CHEAP_HASH = CHEAP.hash(PASSWORD)


@dataclass(frozen=True, slots=True)
class House:
    """The served portal, and the ways in."""

    database: Database
    clock: TurnableClock
    services: AuthServices
    http: httpx2.AsyncClient

    @property
    def public_url(self) -> str:
        return self.services.public_url

    async def person(
        self, email: str, *, staff_role: StaffRole | None = None, roles: dict[UUID, TenantRole] | None = None
    ) -> UUID:
        async with self.database.as_role(DatabaseRole.AUTH) as tx:
            person_id = await create_person(
                tx,
                self.clock.now(),
                email=email,
                name=email.partition("@")[0].title(),
                password_hash=CHEAP_HASH,
                staff_role=staff_role,
            )
            for tenant_id, role in (roles or {}).items():
                await add_member(tx, self.clock.now(), tenant_id=tenant_id, person_id=person_id, role=role)
        return person_id

    async def staff(self, email: str = "sam@example.com", role: StaffRole = StaffRole.ISV_SUPPORT) -> tuple[UUID, str]:
        """Somebody of the ISV's staff, and the secret of the authenticator app."""
        person_id, secret = await self.person(email, staff_role=role), pyotp.random_base32()
        async with self.database.as_role(DatabaseRole.AUTH) as tx:
            await set_totp(tx, SecretBox(SECRET), person_id, secret, at=self.clock.now())
        return person_id, secret

    async def api_client(
        self, tenant_id: UUID, *permissions: Permission, created_by: UUID | None = None
    ) -> NewApiClient:
        async with self.database.as_role(DatabaseRole.AUTH) as tx:
            return await create_api_client(
                tx,
                self.clock.now(),
                tenant_id=tenant_id,
                name="Shop system",
                permissions=permissions,
                created_by=created_by,
            )

    async def grant(self, person_id: UUID, tenant_id: UUID | None, name: str = "Calendar") -> UUID:
        """An application that acts for a person; the grant's id."""
        now = self.clock.now()
        grant_id = new_id(now)
        async with self.database.as_role(DatabaseRole.AUTH) as tx:
            await tx.execute(
                "INSERT INTO oauth_application (client_id, name, redirect_uris, authentication, scopes, created_at) "
                "VALUES ($1, $1, '{https://app.example.com/cb}', 'NONE', '{messages:read}', $2) ON CONFLICT DO NOTHING",
                *(name, now),
            )
            await tx.execute(
                "INSERT INTO oauth_grant (id, client_id, person_id, tenant_id, scopes, created_at, expires_at) "
                "VALUES ($1, $2, $3, $4, '{messages:read}', $5, $6)",
                *(grant_id, name, person_id, tenant_id, now, now + timedelta(days=30)),
            )
        return grant_id

    async def mails(self) -> list[Mail]:
        """What waits to be sent."""
        async with self.database.as_role(DatabaseRole.WORKER) as tx:
            rows = await tx.rows("SELECT content FROM outgoing_mail ORDER BY id")
        return [Mail(**orjson.loads(SecretBox(SECRET).decrypt(row["content"]))) for row in rows]

    async def token(self, client: NewApiClient, scope: str | None = None) -> str:
        fields = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
        answer = await self.http.post("/oauth/token", data=fields, auth=(client.client_id, client.client_secret))
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token

    async def who(self, authorization: str) -> httpx2.Response:
        """Ask the protected address who one is."""
        return await self.http.post("/graphql", json={}, headers={"Authorization": authorization})

    async def who_by_cookie(self, secret: str, **headers: str) -> httpx2.Response:
        """The same with the session's cookie, as the portal's own page would."""
        usual = {PROOF_HEADER: "1", "Sec-Fetch-Site": "same-origin", "Cookie": cookie(secret)}
        return await self.http.post("/graphql", json={}, headers=usual | headers)

    async def submit(self, path: str, fields: dict[str, str], **headers: str) -> httpx2.Response:
        """Send a form of the portal's own page."""
        usual = {"Sec-Fetch-Site": "same-origin", "Content-Type": FORM}  # browsers name it without fields, too
        return await self.http.post(path, data=fields, headers=usual | headers)


def turn_to_a_window(clock: TurnableClock) -> None:
    """Turn the clock to where the counters of failures begin anew."""
    clock.turn_to(clock.now().replace(minute=0, second=0, microsecond=0))


def cookie(secret: str) -> str:
    """The session's cookie as a browser sends it; the client's own jar keeps Secure ones from plain HTTP."""
    return f"{SESSION_COOKIE}={secret}"


def session_of(answer: httpx2.Response) -> str:
    """The secret that an answer sets as the session's cookie."""
    return cookies_of(answer)[SESSION_COOKIE]


def cookies_of(answer: httpx2.Response) -> dict[str, str]:
    """The cookies that an answer sets."""
    return dict(header.partition(";")[0].split("=", 1) for header in answer.headers.get_list("set-cookie"))


@asynccontextmanager
async def serve(
    database: Database,
    clock: TurnableClock,
    *,
    listening: socket.socket | None = None,
    sign_in_methods: SignInMethods | None = None,
) -> AsyncIterator[House]:
    """Serve on a free port of loopback."""
    listening = listening or free_port()
    port = listening.getsockname()[1]
    services = AuthServices.build(
        database=database,
        clock=clock,
        secret_box=SecretBox(SECRET),
        public_url=f"http://localhost:{port}",
        product_name="Owl Inc. messaging",
        passwords=Passwords(CHEAP),
        sign_in_methods=sign_in_methods,
    )
    app = Starlette(routes=[*auth_routes(services), _protected(database, services), _page(services)])
    config = uvicorn.Config(app, log_config=None, lifespan="off", access_log=False)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup([listening])  # serve() would watch for signals, and sleep for a while when it stops
    try:
        async with httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, verify=False, timeout=60
        ) as http:
            yield House(database, clock, services, http)
    finally:
        for each in server.servers:
            each.close()
            await each.wait_closed()


def _protected(database: Database, services: AuthServices) -> Route:
    async def who(request: Request) -> Response:
        try:
            principal = await services.authenticator.authenticate(request)
        except AuthenticationError as error:
            body = {"errors": [{"message": error.message, "extensions": {"code": error.code}}]}
            return JSONResponse(body, error.status, error.headers)
        if principal.tenant_id is None:
            held = permissions_of_staff(principal)
        else:
            async with database.for_tenant(principal.tenant_id, read_only=True) as tx:
                held = await effective_permissions(tx, principal)
        tenant = principal.tenant_id and str(principal.tenant_id)
        return JSONResponse({"key": principal.key, "tenant": tenant, "permissions": sorted(held)})

    return Route("/graphql", who, methods=["GET", "POST", "PUT"])


def _page(services: AuthServices) -> Route:
    async def page(request: Request) -> Response:
        visitor = await services.authenticator.visitor(request)
        return PlainTextResponse(visitor.key if visitor else "nobody")

    return Route("/page", page)
