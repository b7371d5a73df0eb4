"""The whole product for a test: the API over HTTP, the simulator, and the worker's parts to be run by hand or alone."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import httpx2
import pyotp
from gql import Client, gql
from gql.graphql_request import GraphQLRequest
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportQueryError

from api import worker
from api.app import create_app
from api.fan_out import fan_out
from api.graphql.documents import Documents
from api.graphql.limits import Limits
from api.graphql.live.limits import LiveLimits
from api.settings import Settings
from api.webhooks.addresses import MESSAGE_RECEIVED, call_addresses, call_callback_url, callback_url
from auth.api_clients import create_api_client
from auth.authentication import PROOF_HEADER, SESSION_COOKIE
from auth.passwords import Passwords
from auth.people import add_member, create_person
from auth.permissions import Permission, StaffRole, TenantRole, machine_permissions
from auth.second_factor.totp import set_totp
from auth.sign_in_steps import PENDING_COOKIE
from portal.callbacks.applying import apply_inbox
from portal.calls.dialing import Dialer
from portal.clock import new_id
from portal.database import Database, DatabaseRole
from portal.database.address import DatabaseAddress
from portal.encryption import SecretBox
from portal.messages.dispatching import Dispatcher
from portal.plans.catalogue import add_missing
from portal.tenants.accounts import ProviderAccounts
from portal.tenants.provisioning import NewTenant, add_tenant
from portal_schema.schema import schema
from tests.factories import CHEAP, FAST, let_omit_opt_out, plan_of
from tests.serving import free_port, serving
from tests.turnable_clock import TurnableClock
from twilio_gateway.gateway import TwilioGateway
from twilio_gateway.simulator.settings import SimulatorSettings

SECRET = "a made-up secret of enough characters"
PASSWORD = "correct horse battery staple"
PARENT = SimulatorSettings(
    parent_sid="AC" + "0" * 32,
    parent_token="the-parents-token",
    step_delay=timedelta(milliseconds=10),
    slow_answer=timedelta(milliseconds=300),
    trigger_check=timedelta(milliseconds=50),
    lateness=20,
)
CHEAP_HASH = CHEAP.hash(PASSWORD)
DOCUMENTS = Documents(schema, Limits())  # whose validation costs more than most operations
OPERATIONS = Path(__file__).parent.parent / "frontend-stub" / "src" / "operations"


class Caller:
    """Somebody who sends operations: gql with a token, or with a session's cookie as the page does."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self.url = url
        self.headers = headers

    async def run(self, text: str, **variables: Any) -> Any:
        """The data of an operation; raises gql's error where there are errors."""
        transport = AIOHTTPTransport(url=self.url, headers=self.headers, ssl=False)
        request = GraphQLRequest(gql(text), variable_values=variables)
        async with Client(transport=transport, execute_timeout=60) as session:
            return await session.execute(request)

    async def errors(self, text: str, **variables: Any) -> list[dict[str, Any]]:
        """The errors of an operation that has some."""
        try:
            data = await self.run(text, **variables)
        except TransportQueryError as error:
            return list(error.errors or [])
        raise AssertionError(f"there were no errors, but {data}")

    async def codes(self, text: str, **variables: Any) -> list[str]:
        """The codes of an operation's errors."""
        return [error["extensions"]["code"] for error in await self.errors(text, **variables)]

    async def post(self, **body: Any) -> httpx2.Response:
        """The raw answer to a request."""
        async with httpx2.AsyncClient(trust_env=False, verify=False, timeout=60) as http:
            return await http.post(self.url, json=body, headers=self.headers)


@dataclass
class TenantUnderTest:
    """A tenant with its provider account, and its callers."""

    id: UUID
    account_sid: str
    auth_token: str
    number: str
    machine: Caller


@dataclass
class Product:
    """A served portal; everything in it goes by one turnable clock."""

    settings: Settings
    url: str
    database: Database
    clock: TurnableClock
    gateway: TwilioGateway
    dispatcher: Dispatcher
    dialer: Dialer
    box: SecretBox
    statements: list[str] = field(default_factory=list)

    async def tenant(self, name: str = "Falcon Flights", *, allowance: int | None = 250) -> TenantUnderTest:
        """A tenant with a plan, an account at the simulator, a number, and a machine with all a machine may hold."""
        plan = f"plan of {allowance}"
        slug = f"tenant-{secrets.token_hex(6)}"
        tenant_id = new_id(self.clock.now())
        accounts = self.gateway.accounts(PARENT.parent_sid, PARENT.parent_token)
        account = await accounts.provision(
            slug,
            inbound_url=MESSAGE_RECEIVED.url(self.url, tenant_id),
            calls=call_addresses(self.url, tenant_id),
        )
        new = NewTenant(
            name=name,
            slug=slug,
            time_zone="America/New_York",
            plan=plan,
            account_sid=account.account_sid,
            auth_token=self.box.encrypt(account.auth_token),
            key_sid=account.key_sid,
            key_secret=self.box.encrypt(account.key_secret),
            messaging_service_sid=account.messaging_service_sid,
            number=account.number,
            number_reference=account.number_reference,
            segments_per_second=FAST,
        )
        async with self.database.as_role(DatabaseRole.OPERATOR) as tx:
            await add_missing(tx, [plan_of(plan, allowance)], "Otto", on_sale=True, now=self.clock.now())
            await add_tenant(tx, tenant_id, new, now=self.clock.now())
            await let_omit_opt_out(tx, tenant_id, now=self.clock.now())
        machine = await self.machine(tenant_id, machine_permissions())
        return TenantUnderTest(tenant_id, account.account_sid, account.auth_token, account.number, machine)

    async def machine(
        self, tenant_id: UUID, permissions: Iterable[Permission], *, created_by: UUID | None = None
    ) -> Caller:
        """An API client of the tenant with a token for all of its scopes."""
        async with self.database.as_role(DatabaseRole.AUTH) as tx:
            made = await create_api_client(
                tx,
                self.clock.now(),
                tenant_id=tenant_id,
                name="Shop system",
                permissions=permissions,
                created_by=created_by,
            )
        return await self.token(made.client_id, made.client_secret)

    async def token(self, client_id: str, secret: str) -> Caller:
        """An API client with a new token for all of its scopes."""
        async with httpx2.AsyncClient(trust_env=False, verify=False, timeout=60) as http:
            answer = await http.post(
                f"{self.url}/oauth/token", data={"grant_type": "client_credentials"}, auth=(client_id, secret)
            )
        assert answer.status_code == 200, answer.text
        return Caller(f"{self.url}/graphql", {"Authorization": f"Bearer {answer.json()['access_token']}"})

    async def member(self, tenant_id: UUID | None, role: TenantRole | StaffRole) -> Caller:
        """A person with this role, signed in as in the browser; one of the ISV's staff has an authenticator app."""
        email = f"{secrets.token_hex(6)}@example.com"
        return await self.sign_in(email, totp_secret=await self.person(email, tenant_id, role))

    async def person(self, email: str, tenant_id: UUID | None, role: TenantRole | StaffRole) -> str | None:
        """An account with this role, not signed in; the secret of the authenticator app, where there is one."""
        staff_role = role if isinstance(role, StaffRole) else None
        totp_secret = pyotp.random_base32() if staff_role else None
        async with self.database.as_role(DatabaseRole.AUTH) as tx:
            person_id = await create_person(
                tx,
                self.clock.now(),
                email=email,
                name=role.value.title(),
                password_hash=CHEAP_HASH,
                staff_role=staff_role,
            )
            if totp_secret is not None:
                await set_totp(tx, self.box, person_id, totp_secret, at=self.clock.now())
            if tenant_id is not None and isinstance(role, TenantRole):
                await add_member(tx, self.clock.now(), tenant_id=tenant_id, person_id=person_id, role=role)
        return totp_secret

    async def sign_in(self, email: str, password: str = PASSWORD, *, totp_secret: str | None = None) -> Caller:
        """A caller with the session that the sign-in pages give."""
        headers = {"Sec-Fetch-Site": "same-origin"}
        async with httpx2.AsyncClient(
            base_url=self.url, trust_env=False, verify=False, headers=headers, timeout=60
        ) as http:
            fields = {"email": email, "password": password, "return_to": "/"}
            answer = await http.post("/sign-in", data=fields)
            if totp_secret is not None:
                code = pyotp.TOTP(totp_secret).at(self.clock.now())
                pending = f"{PENDING_COOKIE}={_cookie(answer, PENDING_COOKIE)}"
                answer = await http.post("/sign-in/second-factor", data={"code": code}, headers={"Cookie": pending})
        assert answer.status_code == 303, answer.text
        session = f"{SESSION_COOKIE}={_cookie(answer, SESSION_COOKIE)}"
        return Caller(f"{self.url}/graphql", headers | {"Cookie": session, PROOF_HEADER: "1"})

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[None]:
        """The worker as it runs in production, in the background."""
        task = asyncio.create_task(worker.run(self.settings, clock=self.clock))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def apply_callbacks(self) -> int:
        """Apply what waits in the inbox."""
        return await apply_inbox(self.database, worker.appliers(self.gateway), self.clock)


def _cookie(answer: httpx2.Response, name: str) -> str:
    """What an answer sets it to; the client's own jar keeps Secure ones from plain HTTP."""
    set_to = dict(header.partition(";")[0].split("=", 1) for header in answer.headers.get_list("set-cookie"))
    return set_to[name]


def operation(name: str) -> str:
    """The text of one of the page's own operations, with the fragments that it spreads."""
    text = (OPERATIONS / f"{name}.graphql").read_text(encoding="utf-8")
    spread = sorted(set(re.findall(r"\.\.\.(\w+)", text)))
    return "\n".join([text, *(operation(one[0].lower() + one[1:]) for one in spread)])


@asynccontextmanager
async def product(
    address: DatabaseAddress, clock: TurnableClock, simulator: str, **settings: Any
) -> AsyncIterator[Product]:
    """Serve the product on this database; `live` bounds what looks on."""
    live: LiveLimits | None = settings.pop("live", None)
    listening = free_port()
    url = f"http://localhost:{listening.getsockname()[1]}"
    told: dict[str, Any] = {
        "_env_file": None,
        "public_url": url,
        "database_url": address.url(),
        "secret_key": SECRET,
        "simulator_url": simulator,
        "pool_size": 6,
    }
    home = TemporaryDirectory()
    given = Settings(**{"portal_home": home.name} | told | settings)
    statements: list[str] = []
    cheap = Passwords(CHEAP)
    app = create_app(given, clock=clock, on_query=statements.append, live=live, passwords=cheap, documents=DOCUMENTS)
    async with serving(app, listening), TwilioGateway.open(simulator, timedelta(seconds=20)) as gateway:
        database = await Database.connect(address, pool_size=6)
        box = SecretBox(SECRET)
        accounts = ProviderAccounts(database, box, clock)
        dispatcher = Dispatcher(database, gateway.messages, accounts, clock, callback_url(url))
        dialer = Dialer(database, gateway.calls, accounts, clock, call_callback_url(url))
        try:
            async with fan_out(given, database):
                yield Product(given, url, database, clock, gateway, dispatcher, dialer, box, statements)
        finally:
            await database.close()
            home.cleanup()
