"""The product with receivers beside it, on loopback, which its operator allows."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from api.webhook_client import HttpWebhookClient
from auth.permissions import TenantRole
from portal.database.address import DatabaseAddress
from portal.webhooks.delivering import WebhookDelivery
from portal.webhooks.events import WebhookEvent, emit
from tests.product import Caller, Product, TenantUnderTest
from tests.product import product as serve_product
from tests.turnable_clock import TurnableClock
from tests.webhooks.receiver import Receiver, receiving

CREATE = """mutation ($input: WebhookEndpointCreateInput!) {
  webhookEndpointCreate(input: $input) {
    webhookEndpoint { id url events effectiveEvents setByName disabledAt secrets { createdAt expiresAt } }
    secret errors { code path message }
  }
}"""
DELIVERIES = """query ($filter: WebhookDeliveryFilter) {
  webhookDeliveries(first: 100, filter: $filter) {
    nodes {
      id webhookId event attempts lastStatus problem nextAttemptAt deliveredAt failedAt request response
      endpoint { id }
    }
  }
}"""
ENDPOINT = """query ($id: ID!) {
  webhookEndpoint(id: $id) { url events effectiveEvents failingSince disabledAt disabledReason secrets { expiresAt } }
}"""
DEADLINE = timedelta(seconds=2)


@dataclass
class Endpoint:
    """An endpoint, and the secret that was shown when it was made."""

    id: str
    secret: str


@dataclass
class Integration:
    """A tenant whose Owner has events sent somewhere."""

    product: Product
    tenant: TenantUnderTest
    owner: Caller

    async def create(self, url: str, events: Sequence[str] = ("ALERT_RAISED",)) -> Endpoint:
        """A new endpoint."""
        made = (await self.owner.run(CREATE, input={"url": url, "events": list(events)}))["webhookEndpointCreate"]
        assert made["errors"] == []
        return Endpoint(made["webhookEndpoint"]["id"], made["secret"])

    async def happen(self, count: int = 1, event: WebhookEvent = WebhookEvent.ALERT_RAISED, **data: Any) -> None:
        """Have something happen that events tell of."""
        now = self.product.clock.now()
        async with self.product.database.for_tenant(self.tenant.id) as tx:
            await emit(tx, event, [{"number": number, **data} for number in range(count)], now=now)

    async def deliveries(self, **only: Any) -> list[dict[str, Any]]:
        """The log, the newest first."""
        found = await self.owner.run(DELIVERIES, filter=only or None)
        return list(found["webhookDeliveries"]["nodes"])

    async def endpoint(self, endpoint: Endpoint) -> dict[str, Any]:
        """An endpoint as it is now."""
        return dict((await self.owner.run(ENDPOINT, id=endpoint.id))["webhookEndpoint"])


@pytest.fixture
async def product(address: DatabaseAddress, clock: TurnableClock, simulator: str) -> AsyncIterator[Product]:
    """The whole product, whose operator lets webhooks go to this machine."""
    async with serve_product(address, clock, simulator, webhook_allowed_networks="127.0.0.0/8") as served:
        yield served


@pytest.fixture
async def integration(product: Product) -> Integration:
    """A tenant of its own."""
    return await integrate(product)


async def integrate(product: Product, name: str = "Falcon Flights", allowance: int = 250) -> Integration:
    """One more tenant."""
    tenant = await product.tenant(name, allowance=allowance)
    return Integration(product, tenant, await product.member(tenant.id, TenantRole.OWNER))


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver that takes what comes."""
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def delivery(product: Product) -> AsyncIterator[WebhookDelivery]:
    """What the worker runs, with a deadline short enough to wait for."""
    async with open_client(product) as client:
        yield WebhookDelivery(product.database, product.box, client, product.clock)


def open_client(product: Product) -> AbstractAsyncContextManager[HttpWebhookClient]:
    """A client for webhooks as the worker's."""
    return HttpWebhookClient.open(product.settings.webhook_networks(), product.clock, deadline=DEADLINE)
