"""A tenant that has one of everything that the schema can show."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from uuid import UUID

import asyncpg

from auth.permissions import StaffRole, TenantRole
from portal.callbacks.applying import Callback
from portal.callbacks.inbox import CallbackKind
from portal.calls.reported import call_applier
from portal.clock import new_id
from portal.database import DatabaseRole
from portal.database.address import DatabaseAddress
from portal_schema.nodes import from_global, to_global
from tests.calls.callbacks import fields_of
from tests.conversations.inbound import add_conversation
from tests.imports.files import start, work_off
from tests.invoices.stored import add_one_of_each
from tests.plans.changes import change, offer_smallest
from tests.plans.given import add_lot, give_plan
from tests.plans.offers import publish_all
from tests.policy.stored import add_override
from tests.product import Caller, Product, TenantUnderTest
from tests.reconciliation.stored import add_discrepancy, add_margin_alert
from tests.schema.rows import (
    CHANGE,
    add_alert,
    add_api_client,
    add_contact,
    add_delivery,
    add_endpoint,
    add_erasure,
    add_invitation,
    add_suppression,
    add_tag,
    add_template,
    open_session,
    publish_rates,
    send,
)
from tests.shield.stored import add_pause
from tests.usage.stored import add_priced_usage
from tests.waiting import until

SYNC = "mutation { usageSyncStart(input: {}) { usageSync { id } } }"
OLGA = "+12025550110"  # whose carrier tells that she opted out


@dataclass
class World:
    """A tenant, and the global ids of what it has."""

    tenant: TenantUnderTest
    contact: str  # who opted out
    other_contact: str
    template: str
    version: str
    message: str  # to who opted out: it failed, for a reason
    delivered: str  # a message that arrived
    batch: str  # with two messages and a refusal
    plan: str
    smallest: str  # a plan to change to
    owner: Caller
    ids: dict[str, str]  # an object of each type that `node` finds
    numbers: Iterator[str] = field(default_factory=lambda: (f"+1202555{number:04}" for number in count(200)))

    @property
    def tenant_id(self) -> str:
        """The tenant's global id."""
        return self.ids["Tenant"]

    @property
    def alert(self) -> str:
        """An alert about the message that arrived."""
        return self.ids["Alert"]

    @property
    def conversation(self) -> str:
        """A conversation with who opted out."""
        return self.ids["Conversation"]

    @property
    def imported(self) -> str:
        """An import with a problem."""
        return self.ids["ContactImport"]

    @property
    def machine(self) -> Caller:
        """The tenant's machine that may do all that a machine may."""
        return self.tenant.machine


async def _api_client(product: Product, owner: Caller) -> str:
    """The id of a client of which everything is known: it was used, will expire, and is disabled."""
    expires_at = (product.clock.now() + timedelta(days=90)).isoformat()
    made = await add_api_client(owner, expiresAt=expires_at)
    await product.token(made["apiClient"]["clientId"], made["secret"])
    given = str(made["apiClient"]["id"])
    disabled = await owner.run("mutation ($id: ID!) { apiClientDisable(id: $id) { errors { code } } }", id=given)
    assert disabled["apiClientDisable"]["errors"] == []
    return given


async def make_world(product: Product, name: str, *, allowance: int) -> World:
    """A tenant with contacts, a template of two versions, a send that was worked off, and a refusal."""
    await publish_all(product)
    tenant = await product.tenant(name, allowance=allowance)
    await give_plan(product, tenant.id, allowance_amount=allowance)
    caller = tenant.machine
    alice = await add_contact(caller, "+12025550100")
    olga = await add_contact(caller, OLGA, "Olga")
    template, version = await add_template(caller, "Ready for pick-up")
    await caller.run(CHANGE, id=template, body="Your bicycle is ready, {{name}}!")
    batch = await send(caller, [alice, olga, alice], templateId=template)
    while await product.dispatcher.run_once():
        pass
    await until(lambda: _delivered(product, tenant.id))  # nothing comes later, in the midst of what a test measures
    delivered, message = (one["id"] for one in batch["messages"]["nodes"])
    await _add_media(product, tenant.id)
    plan = (await caller.run("{ plan { plan { id } } }"))["plan"]["plan"]["id"]
    owner = await product.member(tenant.id, TenantRole.OWNER)
    (member,) = (await owner.run("{ members { id } }"))["members"]
    entry = (await owner.run("{ auditLog(first: 1) { nodes { id } } }"))["auditLog"]["nodes"][0]["id"]
    session = await open_session(await product.member(None, StaffRole.ISV_SUPPORT), to_global("Tenant", tenant.id))
    await publish_rates(product)
    await add_priced_usage(product, tenant.id)
    ids = {
        "Alert": await add_alert(product, tenant.id, delivered),
        "AuditEntry": entry,
        "Contact": olga,
        "ContactErasure": await add_erasure(caller, "+12025550102"),
        "ContactTag": await add_tag(caller, "+12025550101"),
        "ContactImport": await _import(product, caller),
        "CreditLot": await add_lot(owner),
        "Conversation": await add_conversation(product, tenant, OLGA),
        "Suppression": await add_suppression(caller, "+12025550119"),
        "Template": template,
        "TemplateVersion": version,
        "Message": message,
        "Call": await _call(product, tenant),
        "Number": await _number(product, tenant),
        "MessageBatch": batch["id"],
        "UsageSync": (await caller.run(SYNC))["usageSyncStart"]["usageSync"]["id"],
        "Plan": plan,
        "PlanChange": (await change(owner, await offer_smallest(product), "to come"))["planChange"]["id"],
        "Member": member["id"],
        "Invitation": await add_invitation(owner),
        "Invoice": await add_one_of_each(product, tenant.id),
        "ApiClient": await _api_client(product, owner),
        "SupportSession": session,
        "Tenant": to_global("Tenant", tenant.id),
        "PolicyOverride": await add_override(product, tenant.id),
        "TrafficPause": await add_pause(product, tenant.id),
        "Discrepancy": await add_discrepancy(product, tenant.id, product.clock.now().date()),
        "MarginAlert": await add_margin_alert(product, tenant.id, product.clock.now().date().replace(day=1)),
        **await _webhooks(product, tenant.id, owner),
    }
    known = (template, version, message, delivered, str(batch["id"]), plan, await offer_smallest(product))
    return World(tenant, olga, alice, *known, owner, ids)


async def _import(product: Product, caller: Caller) -> str:
    """The id of an import of which a row was refused."""
    made = await start(caller, "number\nnobody\n", dryRun=True)
    await work_off(product)
    return str(made["contactImport"]["id"])


async def _number(product: Product, tenant: TenantUnderTest) -> str:
    """The id of the tenant's number, with a rule for calls of which everything is set."""
    async with product.database.for_tenant(tenant.id) as tx:
        await tx.execute(
            "UPDATE number SET voice_action = 'FORWARD', voice_forward_to = '+12025550188', "
            "voice_announcement = 'We are closed.', voice_language = 'en-US' WHERE tenant_id = $1",
            tenant.id,
        )
    (number,) = (await tenant.machine.run("{ numbers { nodes { id } } }"))["numbers"]["nodes"]
    return str(number["id"])


async def _call(product: Product, tenant: TenantUnderTest) -> str:
    """The id of a call of which everything is known."""
    now = product.clock.now()
    form = fields_of(tenant, "completed", now, CallDuration="61")
    async with product.database.for_tenant(tenant.id) as tx:
        callback = Callback(new_id(now), CallbackKind.CALL_STATUS, form, now, None, None)
        await call_applier(product.gateway.call_reports)(tx, [callback], now)
        await tx.execute("UPDATE call SET announcement = 'Hello', language = 'en-US' WHERE tenant_id = $1", tenant.id)
    (call,) = (await tenant.machine.run("{ calls { nodes { id } } }"))["calls"]["nodes"]
    return str(call["id"])


async def _webhooks(product: Product, tenant_id: UUID, owner: Caller) -> dict[str, str]:
    """An endpoint that fails, and a delivery to it; beside them an endpoint and deliveries in all other states."""
    endpoint, disabled = [(await add_endpoint(owner, description="The shop"))["id"] for _ in range(2)]
    given_up, taken_in = await add_delivery(owner, endpoint), await add_delivery(owner, endpoint)
    waits, now = await add_delivery(owner, endpoint), product.clock.now()
    tried = "UPDATE webhook_delivery SET last_tried_at = $1, last_status = 200, last_problem = 'x', response = 'y'"
    async with product.database.for_tenant(tenant_id) as tx:
        await tx.execute("UPDATE webhook_endpoint SET failing_since = $1", now)
        await tx.execute(
            "UPDATE webhook_endpoint SET disabled_at = $1, disabled_reason = 'BY_HAND' WHERE id = $2",
            *(now, from_global("WebhookEndpoint", disabled)),
        )
        await tx.execute(tried, now)
        for column, delivery in (("failed_at", given_up), ("delivered_at", taken_in)):
            over = f"UPDATE webhook_delivery SET due_at = NULL, {column} = $1 WHERE id = $2"  # noqa: S608  constants
            await tx.execute(over, now, from_global("WebhookDelivery", delivery))
    return {"WebhookEndpoint": endpoint, "WebhookDelivery": waits}


async def _add_media(product: Product, tenant_id: UUID) -> None:
    """Let every message have a picture: the kinds of things, not a story, are what counts here."""
    media = '[{"url": "https://owl.example/bike.png", "contentType": "image/png", "size": 1}]'
    async with product.database.for_tenant(tenant_id) as tx:
        await tx.execute("UPDATE message SET media = $2 WHERE tenant_id = $1", tenant_id, media)


async def _delivered(product: Product, tenant_id: UUID) -> bool:
    sql = "SELECT true FROM callback_inbox WHERE tenant_id = $1 AND fields ->> 'MessageStatus' = 'delivered'"
    async with product.database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
        return bool(await tx.value(sql, tenant_id))


def taken(product: Product) -> list[str]:
    """The SQL since the list of statements was cleared, without what the driver asks on a new connection."""
    return [sql for sql in product.statements if "typeinfo_tree" not in sql and "'jit'" not in sql]


async def contents(onlooker: asyncpg.Connection) -> dict[str, str]:
    """A digest of the rows of every table that belongs to tenants: what a refusal has to leave as it is.

    Less the inbox, which the provider writes to in its own time.
    """
    tables = await onlooker.fetch(
        "SELECT relname::text FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid "
        "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition "
        "AND attname = 'tenant_id' AND relname <> 'callback_inbox'"
    )
    digest = "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {} AS t"
    return {name: await onlooker.fetchval(digest.format(name)) for (name,) in tables}


async def contents_at(place: DatabaseAddress) -> dict[str, str]:
    """The same, seen by a connection of its own."""
    connection = await asyncpg.connect(**place.credentials())
    try:
        return await contents(connection)
    finally:
        await connection.close()
