"""What goes wrong on our own side: messages that end badly, and tenants that cannot be served."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from auth.permissions import StaffRole, TenantRole
from portal.database import DatabaseRole
from portal.messages.dispatching import Dispatcher
from portal.messages.issues import DeliveryIssueCode
from portal.messages.recording import EventSource, News, record
from portal.messages.status import MessageStatus, Standing
from portal.tenants.accounts import ProviderAccounts
from portal_schema.nodes import to_global
from tests.alerts.events import ACKNOWLEDGE, alerts, call_back, debugger_event, sent
from tests.messages.traffic import messages, plain_numbers
from tests.product import Product, TenantUnderTest
from tests.schema.rows import open_session

ABROAD, UNREGISTERED, OPTED_OUT = "+12025550118", "+12025550134", "+12025550110"


async def fail(product: Product, tenant: TenantUnderTest, message_id: UUID, issue: DeliveryIssueCode) -> None:
    """This message ends for this reason."""
    now = product.clock.now()
    standing = Standing(MessageStatus.FAILED, issue)
    async with product.database.for_tenant(tenant.id) as tx:
        await record(tx, [News(message_id, standing, now, EventSource.SWEEP, error="30007")], now=now)


async def test_a_message_that_is_refused_for_what_can_be_mended_raises_an_alert_and_others_do_not(
    product: Product,
) -> None:
    tenant = await product.tenant()
    refused, _ = await sent(product, tenant, ABROAD, OPTED_OUT)
    (alert,) = await alerts(tenant.machine)
    assert (alert["kind"], alert["code"], alert["count"]) == ("DELIVERABILITY", "COUNTRY_NOT_ALLOWED", 1)
    assert alert["title"] == "You write to a country that is not enabled."
    assert alert["advice"] == "Ask support to enable the country, if you have recipients there."
    assert alert["messages"] == [to_global("Message", refused["id"])]
    support = await product.member(None, StaffRole.ISV_SUPPORT)
    await open_session(support, to_global("Tenant", tenant.id))
    assert await support.run("{ alerts { nodes { references } } }") == {
        "alerts": {"nodes": [{"references": ["21408"]}]}
    }


async def test_a_thousand_messages_that_fail_together_are_one_alert_by_as_many_statements_as_one(
    product: Product,
) -> None:
    tenant = await product.tenant(allowance=5_000)
    statements: list[int] = []
    for numbers in (plain_numbers(1), plain_numbers(501)[1:]):
        rows = await sent(product, tenant, *numbers)
        ids = [row["id"] for row in rows]
        async with product.database.for_tenant(tenant.id) as tx:
            asked = _counting(tx)
            now = product.clock.now()
            standing = Standing(MessageStatus.UNDELIVERED, DeliveryIssueCode.FILTERED)
            await record(tx, [News(id, standing, now, EventSource.CALLBACK) for id in ids], now=now)
            statements.append(len(asked))
    assert statements[1] <= statements[0]
    (alert,) = await alerts(tenant.machine)
    assert alert["count"] == 501


def _counting(tx: object) -> list[str]:
    """The statements of this transaction from now on."""
    asked: list[str] = []
    connection = tx._connection  # type: ignore[attr-defined]  # noqa: SLF001  the driver's own log of statements
    connection.add_query_logger(lambda query: asked.append(query.query))
    return asked


async def test_an_end_that_is_told_twice_counts_once(product: Product) -> None:
    tenant = await product.tenant()
    (row,) = await sent(product, tenant, "+12135550001")
    for _ in range(2):
        await fail(product, tenant, row["id"], DeliveryIssueCode.FILTERED)
    assert [(one["code"], one["count"]) for one in await alerts(tenant.machine)] == [("FILTERED", 1)]


async def test_failures_the_log_and_a_reader_s_notice_side_by_side_count_each_message_once(product: Product) -> None:
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    rows = await sent(product, tenant, *plain_numbers(24))
    now, standing = product.clock.now(), Standing(MessageStatus.UNDELIVERED, DeliveryIssueCode.FILTERED)

    async def fail_some(start: int) -> None:
        news = [News(row["id"], standing, now, EventSource.CALLBACK) for row in (rows + rows)[start : start + 12]]
        async with product.database.for_tenant(tenant.id) as tx:
            await record(tx, news, now=now)

    async def take_notice() -> None:
        for alert in await alerts(owner):
            done = await owner.run(ACKNOWLEDGE, id=alert["id"])
            assert done["alertAcknowledge"]["errors"] == []

    log = [debugger_event(tenant, "30007", now, subject=row["provider_reference"]) for row in rows]
    await asyncio.gather(
        call_back(product, tenant, *log), *(fail_some(start) for start in range(0, 24, 3)), take_notice(), take_notice()
    )
    found = await alerts(owner)
    assert sum(one["count"] for one in found) == 24
    assert sorted(one for alert in found for one in alert["messages"]) == sorted(
        to_global("Message", row["id"]) for row in rows
    )


@pytest.mark.parametrize("issue", DeliveryIssueCode)
async def test_each_reason_is_told_or_is_the_recipient_s_business(issue: DeliveryIssueCode, product: Product) -> None:
    tenant = await product.tenant()
    (row,) = await sent(product, tenant, "+12135550001")
    await fail(product, tenant, row["id"], issue)
    quiet = {"OPTED_OUT", "PREFERENCE", "QUIET_HOURS", "UNREACHABLE", "BLOCKED", "UNKNOWN_HANDSET", "LANDLINE"}
    quiet |= {"INVALID_NUMBER", "UNKNOWN", "PAUSED"}  # a pause is told by itself
    found = [(one["kind"], one["code"]) for one in await alerts(tenant.machine)]
    faults = {"PROVIDER_OUTAGE": "OUTAGE", "ACCOUNT_REFUSED": "ACCOUNT_REFUSED"}
    if issue in quiet:
        assert found == []
    elif issue in faults:
        assert found == [("PROVIDER_ERROR", faults[issue])]
    else:
        assert found == [("DELIVERABILITY", issue)]


async def test_messages_that_are_refused_with_the_account_s_credentials_are_a_fault_of_the_account(
    product: Product,
) -> None:
    tenant = await product.tenant()
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        wrong = product.box.encrypt("a secret that is no key's")
        await tx.execute("UPDATE provider_account SET key_secret = $2 WHERE tenant_id = $1", tenant.id, wrong)
    (row,) = await sent(product, tenant, "+12135550001")
    (alert,) = await alerts(tenant.machine)
    assert (alert["kind"], alert["code"], alert["actor"]) == ("PROVIDER_ERROR", "ACCOUNT_REFUSED", "ISV")
    assert (row["status"], row["issue"]) == ("FAILED", "ACCOUNT_REFUSED")


async def test_a_tenant_that_no_worker_can_serve_is_told_so(product: Product) -> None:
    tenant = await product.tenant()
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE provider_account SET key_secret = 'x' WHERE tenant_id = $1", tenant.id)
    (row,) = await sent(product, tenant, "+12135550001")
    (alert,) = await alerts(tenant.machine)
    assert (alert["kind"], alert["code"], alert["count"]) == ("PROVIDER_ERROR", "NOT_SERVED", 1)
    assert row["status"] == "QUEUED"


async def test_a_tenant_that_cannot_be_served_is_told_so_once_an_hour(product: Product) -> None:
    tenant = await product.tenant()

    class NoAccounts(ProviderAccounts):
        async def credentials(self, tenant_id: object) -> None:
            """No tenant has an account."""

    accounts = NoAccounts(product.database, product.box, product.clock)
    product.dispatcher = Dispatcher(
        product.database, product.gateway.messages, accounts, product.clock, lambda *_: "http://127.0.0.1:9/"
    )
    (row,) = await sent(product, tenant, "+12135550001")
    product.clock.advance(timedelta(minutes=1))
    await product.dispatcher.run_once()
    (alert,) = await alerts(tenant.machine)
    assert (alert["kind"], alert["code"], alert["actor"]) == ("PROVIDER_ERROR", "ACCOUNT_MISSING", "ISV")
    assert alert["count"] <= 2  # the hour may end in between
    before = alert["count"]
    product.clock.advance(timedelta(hours=1))
    await product.dispatcher.run_once()
    owner = await product.member(tenant.id, TenantRole.OWNER)  # the machine's token has expired
    (alert,) = await alerts(owner)
    assert alert["count"] == before + 1
    assert [one["status"] for one in await messages(product, tenant)] == ["QUEUED"]
    assert row["provider_reference"] is None
