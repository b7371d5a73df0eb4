"""A portal and a simulator that go by one clock, and the usage triggers between them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import httpx2

from api.webhooks.addresses import USAGE_TRIGGER
from auth.permissions import TenantRole, machine_permissions
from portal.callbacks.inbox import CallbackKind
from portal.database import DatabaseRole
from portal.database.address import DatabaseAddress
from portal.database.migrate import create_partitions
from portal.messages.provider import ProviderCredentials
from portal.plans.trigger_setup import TriggerSetup
from portal.tenants.accounts import ProviderAccounts
from tests.product import PARENT, Caller, Product, TenantUnderTest
from tests.product import product as serve_product
from tests.turnable_clock import TurnableClock
from tests.twilio_gateway.door import Door
from tests.waiting import until
from twilio_gateway.simulator.app import create_simulator
from twilio_gateway.simulator.server import running

NOON = datetime(2027, 3, 16, 12, tzinfo=UTC)
RULE = """mutation ($input: AlertRuleSetInput!) {
  alertRuleSet(input: $input) { alertRule { thresholds } errors { code path } }
}"""


@dataclass
class Scene:
    """The product, and the door before its simulator."""

    product: Product
    door: Door
    simulator: str

    def setup(self) -> TriggerSetup:
        """What sets triggers: one of a worker's own."""
        product = self.product
        accounts = ProviderAccounts(product.database, product.box, product.clock)
        url = partial(USAGE_TRIGGER.url, product.url)
        return TriggerSetup(product.database, product.gateway.usage_triggers, accounts, url, product.clock)

    async def set_all(self) -> int:
        """Set all that is due; how many tenants that were."""
        return await self.setup().set_due()

    async def at_the_provider(self, tenant: TenantUnderTest) -> list[dict[str, Any]]:
        """The triggers on the tenant's subaccount, as the provider tells them."""
        url = f"{self._triggers(tenant)}.json"
        async with self._http(tenant) as http:
            found: list[dict[str, Any]] = (await http.get(url)).json()["usage_triggers"]
            return found

    async def add_by_hand(self, tenant: TenantUnderTest, name: str = "Mine", **fields: str) -> str:
        """The SID of a trigger that somebody set in the provider's console."""
        form = {
            "CallbackUrl": USAGE_TRIGGER.url(self.product.url, tenant.id),
            "FriendlyName": name,
            "UsageCategory": "sms-outbound",
            "TriggerBy": "count",
            "TriggerValue": "7",
            "Recurring": "daily",
        } | fields
        async with self._http(tenant) as http:
            return str((await http.post(f"{self._triggers(tenant)}.json", data=form)).json()["sid"])

    async def use(self, tenant: TenantUnderTest, count: int) -> None:
        """Let the provider count messages of today that the portal knows nothing of."""
        day = f"{self.product.clock.now():%Y-%m-%d}"
        line = {"account_sid": tenant.account_sid, "day": day, "category": "sms-outbound"}
        async with self._http(tenant) as http:
            told = [line | {"count": count, "usage": count, "price": "0.0083"}]
            assert (await http.post(f"{self.simulator}/simulator/usage", json=told)).status_code == 201

    async def heard(self, count: int) -> None:
        """Wait until so many callbacks of triggers are in the inbox, and apply them."""
        sql = "SELECT count(*) FROM callback_inbox WHERE kind = $1"

        async def has_come() -> bool:
            async with self.product.database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
                found: int = await tx.value(sql, CallbackKind.USAGE_TRIGGER.value)
            assert found <= count
            return found == count

        await until(has_come)
        while await self.product.apply_callbacks():
            pass

    def _triggers(self, tenant: TenantUnderTest) -> str:
        return f"{self.simulator}/api/2010-04-01/Accounts/{tenant.account_sid}/Usage/Triggers"

    def _http(self, tenant: TenantUnderTest) -> httpx2.AsyncClient:
        auth = (tenant.account_sid, tenant.auth_token)
        return httpx2.AsyncClient(trust_env=False, timeout=60, auth=auth)


@asynccontextmanager
async def scene(address: DatabaseAddress) -> AsyncIterator[Scene]:
    """The scene at noon of a day in the middle of a month."""
    clock = TurnableClock(NOON)
    with _simulator(clock) as (door, simulator):
        async with serve_product(address, clock, simulator, webhook_allowed_networks="127.0.0.0/8") as product:
            await create_partitions(product.database, NOON)
            yield Scene(product, door, simulator)


@contextmanager
def _simulator(clock: TurnableClock) -> Iterator[tuple[Door, str]]:
    door = Door(create_simulator(PARENT, clock))
    with running(door) as address:
        yield door, address


async def administrator_of(product: Product, tenant: TenantUnderTest) -> Caller:
    """One of the tenant's administrators; the machine has a token of now."""
    tenant.machine = await product.machine(tenant.id, machine_permissions())
    return await product.member(tenant.id, TenantRole.ADMINISTRATOR)


async def watch_also(administrator: Caller, *percentages: int) -> None:
    """Let a tenant have thresholds of its own."""
    rule = {"kind": "USAGE_THRESHOLD", "channels": ["PAGE"], "thresholds": list(percentages)}
    made = (await administrator.run(RULE, input=rule))["alertRuleSet"]
    assert made == {"alertRule": {"thresholds": sorted(percentages)}, "errors": []}


async def written_down(product: Product, tenant_id: UUID) -> list[tuple[int, int, bool]]:
    """Each trigger that the portal has set for a tenant: its percentage, its value, and whether it is there still."""
    async with product.database.for_tenant(tenant_id, read_only=True) as tx:
        rows = await tx.rows(
            "SELECT percent, value, removed_at IS NULL AS there FROM usage_trigger WHERE tenant_id = $1 "
            "ORDER BY created_at, value, id",
            tenant_id,
        )
    return [(row["percent"], row["value"], row["there"]) for row in rows]


async def credentials_of(product: Product, tenant: TenantUnderTest) -> ProviderCredentials:
    """What the portal reaches the tenant's subaccount with."""
    found = await ProviderAccounts(product.database, product.box, product.clock).credentials(tenant.id)
    assert found is not None
    return found


def watched(found: list[dict[str, Any]]) -> list[tuple[str, str, str, str]]:
    """What triggers watch, the lowest value first: category, field, value, and how often they begin anew."""
    keys = ("usage_category", "trigger_by", "trigger_value", "recurring")
    told = sorted(found, key=lambda one: int(one["trigger_value"]))
    return [(one[keys[0]], one[keys[1]], one[keys[2]], one[keys[3]]) for one in told]


def by_count(*values: int, recurring: str = "daily") -> list[tuple[str, str, str, str]]:
    """Triggers on messages that were sent, with these values."""
    return [("sms-outbound", "count", str(value), recurring) for value in values]
