"""Tenants that send, whatever is killed meanwhile: a request without an answer is made again, with the same key."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx2

from auth.api_clients import create_api_client
from auth.permissions import machine_permissions
from portal.actor import Actor, ActorKind
from portal.clock import new_id
from portal.credits.paying import mark_paid
from portal.credits.purchasing import purchase
from portal.database import DatabaseRole
from portal.plans.catalogue import publish_plan
from portal.plans.checking import PlanContent
from portal.pricing.terms import (
    AtLimit,
    CreditPack,
    MarginBracket,
    MarginKind,
    PlanTerms,
    PricingStrategy,
    UsageUnit,
)
from portal_schema.nodes import to_global
from tests.factories import FAST
from tests.faults.installation import Installation
from tests.messages.traffic import CANCEL, SEND, message_key
from tests.year.world import World

PACK = CreditPack(1_000, 1_000_000, Decimal(10))
_SEGMENTS = UsageUnit.SEGMENTS
_TERMS = {
    "Unlimited": PlanTerms(PricingStrategy.TIER, "USD"),
    "Overage": PlanTerms(
        PricingStrategy.TIER_WITH_OVERAGE,
        "USD",
        amount=150,
        unit=_SEGMENTS,
        at_limit=AtLimit.OVERAGE,
        overage=Decimal("0.0125"),
    ),
    "Margin": PlanTerms(
        PricingStrategy.FIXED_MARGIN,
        "USD",
        margin_kind=MarginKind.MARGIN,
        brackets=(MarginBracket(None, Decimal("0.2")),),
    ),
    "Prepaid": PlanTerms(PricingStrategy.CREDITS, "USD", unit=_SEGMENTS, at_limit=AtLimit.CREDITS, packs=(PACK,)),
}
PLANS = [PlanContent(name, "", terms, throughput=FAST) for name, terms in _TERMS.items()]
_BAD = tuple(f"+120255501{line:02}" for line in (3, 4, 5, 7, 34))  # undelivered
_REFUSED = tuple(f"+120255501{line}" for line in (10, 11, 14, 18))  # at once
_GOOD = 60  # other numbers of each tenant
_MOST = 40  # messages of one send
_TWINS = 0.25  # of sends: the same text to the same people as one before
_CANCELED = 0.04
_WORDS = ("bike", "board", "lesson", "order", "pickup", "repair", "sale", "shoe", "surf", "Grüße", "надежда", "🏄")
_PATIENCE = 0.5  # seconds between one try and the next
_MAY_ASK_AGAIN = {"IDEMPOTENCY_IN_PROGRESS"}


@dataclass
class Customer:
    """One tenant: what it has been promised, and what it was told."""

    id: UUID
    account_sid: str
    plan: PlanContent
    client: tuple[str, str]
    contacts: list[str]
    chance: random.Random
    accepted: dict[UUID, int] = field(default_factory=dict)  # by batch, as the answers said
    tries: int = 0  # of requests
    _token: str = ""

    @property
    def promised(self) -> int:
        """How many messages were accepted."""
        return sum(self.accepted.values())

    async def send(self, http: httpx2.AsyncClient, wanted: int) -> None:
        """Send until so many messages are accepted; some of it is taken back again."""
        before: list[tuple[str, list[str]]] = []
        while self.promised < wanted:
            if before and self.chance.random() < _TWINS:
                text, people = self.chance.choice(before)
            else:
                text = self._text(len(before))
                people = self.chance.sample(self.contacts, self.chance.randint(1, _MOST))
                before.append((text, people))
            people = people[: wanted - self.promised]
            asked = {"idempotencyKey": f"{len(self.accepted)}", "recipients": {"contactIds": people}, "body": text}
            answer = await self._ask(http, SEND, {"input": asked}, "messageSend")
            batch = answer["batch"]
            self.accepted[message_key(batch["id"])] = batch["accepted"]
            if self.chance.random() < _CANCELED:
                await self._ask(http, CANCEL, {"id": batch["id"]}, "messageCancel")

    def _text(self, place: int) -> str:
        return f"No. {place}: " + " ".join(self.chance.choices(_WORDS, k=self.chance.choice((3, 3, 3, 30))))

    async def _ask(self, http: httpx2.AsyncClient, text: str, variables: dict[str, Any], name: str) -> Any:
        while True:
            self.tries += 1
            with suppress(httpx2.HTTPError, ValueError):
                self._token = self._token or await self._new_token(http)
                headers = {"Authorization": f"Bearer {self._token}"}
                answer = await http.post("/graphql", json={"query": text, "variables": variables}, headers=headers)
                if answer.status_code == httpx2.codes.UNAUTHORIZED:
                    self._token = ""
                told = answer.json()
                # With errors beside it, it is unknown how far the request came.
                if answer.status_code == httpx2.codes.OK and "errors" not in told:
                    found = told["data"][name]
                    if not _MAY_ASK_AGAIN & {error["code"] for error in found["errors"]}:
                        return found
            await asyncio.sleep(_PATIENCE)

    async def _new_token(self, http: httpx2.AsyncClient) -> str:
        answer = await http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=self.client)
        return str(answer.json()["access_token"]) if answer.status_code == 200 else ""


async def sign_up(world: World, tenants: int, seed: int) -> list[Customer]:
    """Tenants on all kinds of plans, each with people to write to, of whom some cannot be reached."""
    await world.publish_card(0)
    async with world.database.as_role(DatabaseRole.OPERATOR) as tx:
        plans = [await publish_plan(tx, plan, "Olive", now=world.clock.now()) for plan in PLANS]
    customers = []
    for place in range(tenants):
        tenant_id, account_sid = await world.sign_up(f"tenant-{place}", plans[place % len(plans)])
        now = world.clock.now()
        async with world.database.as_role(DatabaseRole.AUTH) as tx:
            made = await create_api_client(
                tx, now, tenant_id=tenant_id, name="Shop system", permissions=machine_permissions(), created_by=None
            )
        chance = random.Random(f"{seed} {place}")
        numbers = [*(f"+1415555{line:04}" for line in range(_GOOD)), *_BAD, *_REFUSED]
        contacts = await _add_contacts(world, tenant_id, numbers)
        plan = PLANS[place % len(PLANS)]
        if plan.terms.packs:
            await _buy(world, tenant_id)
        customers.append(Customer(tenant_id, account_sid, plan, (made.client_id, made.client_secret), contacts, chance))
    return customers


async def _add_contacts(world: World, tenant_id: UUID, numbers: list[str]) -> list[str]:
    now = world.clock.now()
    ids = sorted(new_id(now) for _ in numbers)
    async with world.database.for_tenant(tenant_id) as tx:
        await tx.execute(
            "INSERT INTO contact (tenant_id, id, number, country, created_at, updated_at) "
            "SELECT $1, c.id, c.number, 'US', $4, $4 FROM unnest($2::uuid[], $3::text[]) AS c (id, number)",
            *(tenant_id, ids, numbers, now),
        )
    return [str(to_global("Contact", contact_id)) for contact_id in ids]


async def _buy(world: World, tenant_id: UUID) -> None:
    shop, now = Actor(ActorKind.API_CLIENT, UUID(int=7), "Shop system"), world.clock.now()
    async with world.database.for_tenant(tenant_id) as tx:
        bought = await purchase(tx, "credits", PACK.credits, shop, now=now)
    async with world.database.as_role(DatabaseRole.OPERATOR) as tx:
        await mark_paid(tx, bought.lot_id, "bank", now=now)


async def send_all(customers: list[Customer], installation: Installation, each: int, *, at_once: int) -> None:
    """Let all of them send, so many at the same time."""
    turn = asyncio.Semaphore(at_once)
    async with httpx2.AsyncClient(base_url=installation.api_url, trust_env=False, timeout=60) as http:

        async def send(customer: Customer) -> None:
            async with turn:
                await customer.send(http, each)

        await asyncio.gather(*(send(customer) for customer in customers))
