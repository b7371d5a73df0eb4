"""Where a year is played: the portal's database, the simulator over HTTP, and the gateway between them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

import httpx2

from portal.actor import Actor, ActorKind
from portal.audit.entries import Origin
from portal.clock import new_id
from portal.database import Database, DatabaseRole
from portal.database.address import DatabaseAddress
from portal.encryption import SecretBox, Signer
from portal.plans.catalogue import publish_plan
from portal.plans.plans import PlanRow
from portal.plans.preview_tokens import SIGNS
from portal.rates.publishing import publish_rate_card
from portal.tenants.accounts import ProviderAccounts
from portal.tenants.provisioning import NewTenant, add_tenant
from tests.factories import FAST, let_omit_opt_out
from tests.product import PARENT, SECRET
from tests.turnable_clock import TurnableClock
from tests.year.shelf import PLANS, card
from twilio_gateway.gateway import TwilioGateway
from twilio_gateway.simulator.app import create_simulator
from twilio_gateway.simulator.server import running

OPERATOR = Actor(ActorKind.ISV_OPERATOR, UUID(int=1), "Olive")
ORIGIN = Origin(OPERATOR, "the year")


@dataclass
class World:
    """The portal and its provider; both go by one clock."""

    database: Database
    clock: TurnableClock
    gateway: TwilioGateway
    http: httpx2.AsyncClient  # of the simulator
    box: SecretBox = field(default_factory=lambda: SecretBox(SECRET))
    signer: Signer = field(default_factory=lambda: Signer(SECRET, SIGNS))
    plans: list[PlanRow] = field(default_factory=list)

    @property
    def accounts(self) -> ProviderAccounts:
        """The tenants' accounts at the provider."""
        return ProviderAccounts(self.database, self.box, self.clock)

    async def publish_card(self, version: int) -> None:
        """Publish the year's first or second rate card."""
        lists = self.gateway.price_lists(PARENT.parent_sid, PARENT.parent_token)
        await publish_rate_card(self.database, lists, card(version), "Olive", now=self.clock.now())

    async def publish_plans(self) -> None:
        """Put the plans on sale."""
        async with self.database.as_role(DatabaseRole.OPERATOR) as tx:
            self.plans = [await publish_plan(tx, plan, "Olive", now=self.clock.now()) for plan in PLANS]

    async def sign_up(self, name: str, plan: PlanRow) -> tuple[UUID, str]:
        """A tenant with a plan, and an account of its own at the provider: its id and the account's."""
        now = self.clock.now()
        tenant_id = new_id(now)
        account = await self.gateway.accounts(PARENT.parent_sid, PARENT.parent_token).provision(name)
        new = NewTenant(
            name=name,
            slug=name,
            time_zone="UTC",
            plan=plan.name,
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
            await add_tenant(tx, tenant_id, new, now=now)
            await let_omit_opt_out(tx, tenant_id, now=now)
        return tenant_id, account.account_sid

    async def tell(self, lines: list[dict[str, object]]) -> None:
        """Tell the provider of usage."""
        answer = await self.http.post("/simulator/usage", json=lines)
        if answer.status_code != httpx2.codes.CREATED:
            raise RuntimeError(answer.text)

    async def lag(self, hours: int) -> None:
        """Let the provider's records lag behind by so many hours."""
        answer = await self.http.post("/simulator/usage/lag", json={"seconds": hours * 3600})
        if answer.status_code != httpx2.codes.OK:
            raise RuntimeError(answer.text)

    async def asked_for(self, account_sid: str, first: date, until: date) -> str:
        """What the provider asks for an account's days, half-open, as it shows it now."""
        last = until - timedelta(days=1)
        answer = await self.http.get(
            f"/api/2010-04-01/Accounts/{account_sid}/Usage/Records.json",
            params={"Category": "totalprice", "StartDate": f"{first}", "EndDate": f"{last}"},
        )
        if answer.status_code != httpx2.codes.OK:
            raise RuntimeError(answer.text)
        (record,) = answer.json()["usage_records"]
        return str(record["usage"])


@asynccontextmanager
async def world(address: DatabaseAddress, begins: datetime) -> AsyncIterator[World]:
    """A world whose clock stands at its beginning."""
    clock = TurnableClock(begins)
    with running(create_simulator(PARENT, clock)) as simulator:
        auth = (PARENT.parent_sid, PARENT.parent_token)
        async with (
            TwilioGateway.open(simulator, timedelta(seconds=60)) as gateway,
            httpx2.AsyncClient(base_url=simulator, auth=auth, trust_env=False, timeout=60) as http,
        ):
            database = await Database.connect(address, pool_size=6)
            try:
                yield World(database, clock, gateway, http)
            finally:
                await database.close()
