"""What the tests of sending ask again and again: contacts, sends, what is in the tables, what Twilio has."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2

from portal.clock import new_id
from portal.global_ids import split_global
from portal.messages.dispatching import AT_ONCE, SLOTS, Dispatcher
from portal.messages.status import MessageStatus
from portal.tenants.accounts import ProviderAccounts
from portal_schema.nodes import to_global
from tests.product import Caller, Product, TenantUnderTest
from tests.waiting import until

SEND = """mutation ($input: MessageSendInput!) {
  messageSend(input: $input) {
    batch { id total accepted refusals(first: 100) { nodes { code } } }
    allowance { used reserved remaining } idempotentReplay errors { code path }
  }
}"""
CANCEL = """mutation ($id: ID!) {
  messageCancel(id: $id) { canceled allowance { used reserved remaining } errors { code } }
}"""
ALLOWANCE = "{ allowance { limit used reserved remaining resetsAt } }"


async def add_contacts(product: Product, tenant: TenantUnderTest, numbers: Sequence[str]) -> list[str]:
    """Contacts with these numbers, by their global ids, in one statement."""
    ids = sorted(new_id(product.clock.now()) for _ in numbers)
    async with product.database.for_tenant(tenant.id) as tx:
        await tx.execute(
            "INSERT INTO contact (tenant_id, id, number, country, created_at, updated_at) "
            "SELECT $1, c.id, c.number, 'US', $4, $4 FROM unnest($2::uuid[], $3::text[]) AS c (id, number)",
            tenant.id,
            ids,
            list(numbers),
            product.clock.now(),
        )
    return [str(to_global("Contact", contact_id)) for contact_id in ids]


def plain_numbers(count: int) -> list[str]:
    """Numbers that are delivered as any number is."""
    return [f"+1213555{index:04d}" for index in range(count)]


def _input(contacts: Sequence[str], key: str) -> dict[str, Any]:
    return {"idempotencyKey": key, "recipients": {"contactIds": list(contacts)}, "body": "Your bike is ready."}


async def send(caller: Caller, contacts: Sequence[str], *, key: str = "first", **more: Any) -> Any:
    """The payload of a send."""
    return (await caller.run(SEND, input=_input(contacts, key) | more))["messageSend"]


async def send_at_once(caller: Caller, sends: Sequence[tuple[str, Sequence[str]]]) -> list[Any]:
    """The payloads of sends, each a key and its contacts, that are all on their way before the first is answered."""
    limits = httpx2.Limits(max_connections=None)
    async with httpx2.AsyncClient(trust_env=False, timeout=60, limits=limits, headers=caller.headers) as http:
        bodies = [{"query": SEND, "variables": {"input": _input(contacts, key)}} for key, contacts in sends]
        answers = await asyncio.gather(*(http.post(caller.url, json=body) for body in bodies))
    return [answer.json()["data"]["messageSend"] for answer in answers]


async def cancel(caller: Caller, global_id: str) -> Any:
    """The payload of a cancellation."""
    return (await caller.run(CANCEL, id=global_id))["messageCancel"]


async def messages(product: Product, tenant: TenantUnderTest) -> list[Any]:
    """The tenant's messages as the table has them; those of one instant in any order."""
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        return await tx.rows("SELECT * FROM message WHERE tenant_id = $1 ORDER BY id", tenant.id)


async def statuses(product: Product, tenant: TenantUnderTest) -> list[MessageStatus]:
    """Where the tenant's messages stand, oldest first."""
    return [MessageStatus(row["status"]) for row in await messages(product, tenant)]


async def timeline(product: Product, tenant: TenantUnderTest, message_id: UUID) -> list[tuple[str, str]]:
    """A message's events: what, and who told."""
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        rows = await tx.rows(
            "SELECT status, source FROM message_event WHERE tenant_id = $1 AND message_id = $2 ORDER BY id",
            tenant.id,
            message_id,
        )
    return [(row["status"], row["source"]) for row in rows]


async def at_the_provider(product: Product, tenant: TenantUnderTest) -> list[dict[str, Any]]:
    """All messages that the provider made for the tenant."""
    url = f"{product.settings.simulator_url}/api/2010-04-01/Accounts/{tenant.account_sid}/Messages.json"
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        answer = await http.get(url, params={"PageSize": "1000"}, auth=(tenant.account_sid, tenant.auth_token))
    answer.raise_for_status()
    found: list[dict[str, Any]] = answer.json()["messages"]
    return found


async def delivered_at_the_provider(product: Product, tenant: TenantUnderTest, count: int = 1) -> None:
    """Wait until the provider has so many messages of the tenant, all delivered."""

    async def delivered() -> bool:
        return [each["status"] for each in await at_the_provider(product, tenant)] == ["delivered"] * count

    await until(delivered)


def message_key(global_id: str) -> UUID:
    """The key in a global id."""
    found = split_global(global_id)
    assert found is not None
    return found[1]


def deaf_dispatcher(product: Product, *, at_once: int = AT_ONCE, slots: int = SLOTS) -> Dispatcher:
    """A dispatcher whose messages are called back at an address where nobody listens."""
    accounts = ProviderAccounts(product.database, product.box, product.clock)
    return Dispatcher(
        product.database,
        product.gateway.messages,
        accounts,
        product.clock,
        lambda tenant_id, message_id: f"http://127.0.0.1:9/{tenant_id}/{message_id}",
        at_once=at_once,
        slots=slots,
    )


@dataclass(frozen=True)
class Books:
    """The ledger's sums over all periods."""

    used: int
    reserved: int


async def balanced_books(product: Product, tenant: TenantUnderTest) -> Books:
    """The sums, once it is shown that balances, entries and messages say the same."""
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        rows = await tx.rows(
            "SELECT used, reserved, "
            "(SELECT coalesce(sum(CASE kind WHEN 'RESERVE' THEN units WHEN 'CORRECTION' THEN 0 ELSE -units END), 0) "
            " FROM allowance_entry AS e WHERE e.tenant_id = b.tenant_id AND e.balance_id = b.id) AS open_by_entries, "
            "(SELECT coalesce(sum(units), 0) FROM allowance_entry AS e "
            " WHERE e.tenant_id = b.tenant_id AND e.balance_id = b.id AND kind IN ('SETTLE', 'CORRECTION')) "
            " AS used_by_entries, "
            "(SELECT coalesce(sum(reserved_units), 0) FROM message AS m "
            " WHERE m.tenant_id = b.tenant_id AND m.balance_id = b.id) AS open_by_messages "
            "FROM allowance_balance AS b WHERE tenant_id = $1",
            tenant.id,
        )
        counted = await tx.value("SELECT coalesce(sum(count), 0) FROM usage_day WHERE tenant_id = $1", tenant.id)
    for row in rows:
        assert row["reserved"] == row["open_by_entries"] == row["open_by_messages"]
        assert row["used"] == row["used_by_entries"]
    books = Books(sum(row["used"] for row in rows), sum(row["reserved"] for row in rows))
    assert counted == books.used  # each of these messages counts as one unit
    return books
