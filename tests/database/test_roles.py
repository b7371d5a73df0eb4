"""What each database role may not do, tried in SQL: the last line of defence behind everything else."""

import secrets
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import pytest

from portal.clock import new_id
from portal.database import Database, DatabaseRole
from tests.factories import make_tenant
from tests.turnable_clock import TurnableClock

_Role = DatabaseRole
EVERYBODY = [role for role in DatabaseRole if role is not _Role.OWNER]
# What nobody but the owner may do, whatever the table.
FOR_NOBODY = [
    "CREATE TABLE mine (id uuid)",
    "CREATE TEMPORARY TABLE mine (id uuid); ALTER TABLE contact DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE contact DISABLE ROW LEVEL SECURITY",
    "DROP POLICY own_tenant ON contact",
    "CREATE POLICY mine ON contact USING (true)",
    "TRUNCATE contact",
    "DROP TABLE contact",
    "COPY contact TO PROGRAM 'cat'",
    "COPY tenant TO '/tmp/tenants'",
    "SELECT pg_read_file('postgresql.conf')",
    "ALTER ROLE portal_app BYPASSRLS",
    "CREATE ROLE mine SUPERUSER",
    "GRANT portal_owner TO portal_app",
    "CALL allow_across_tenants('contact', 'portal_app', 'SELECT')",
    "UPDATE tortoise_migrations SET name = 'x'",
    "DELETE FROM message",
    "DELETE FROM message_event",
    "UPDATE message_event SET status = 'READ'",
    "UPDATE allowance_entry SET units = 1",
    "DELETE FROM allowance_entry",
    "DELETE FROM allowance_balance",
    "DELETE FROM tenant",
    "DELETE FROM provider_event",
    "UPDATE alert_occurrence SET reference = NULL",
    "UPDATE webhook_event SET data = '{{}}'",
    "DELETE FROM alert",
    "DELETE FROM call",
    "DELETE FROM provider_account",
    "SELECT * FROM message_{month}",
    "INSERT INTO message_event_{month} SELECT * FROM message_event",
]
CALLED_BACK = (
    "INSERT INTO callback_inbox (id, tenant_id, message_id, kind, fields, received_at) "
    "VALUES ($1, $2, $1, 'MESSAGE_STATUS', '{}', $3)"
)
REFUSED = {
    _Role.APP: [
        "UPDATE plan SET fee = 0",
        "INSERT INTO rate SELECT * FROM rate",
        "SELECT * FROM invoice_cost",
        "SELECT * FROM discrepancy",
        "SELECT * FROM margin_alert",
        "SELECT * FROM number_series",
        "SELECT acquisition_cost FROM billing_account",
        "UPDATE billing_account SET credit_limit = 1",
        "UPDATE invoice SET total = 0",
        "DELETE FROM invoice",
        "INSERT INTO credit_note SELECT * FROM credit_note",
        "INSERT INTO payment SELECT * FROM payment",
        "UPDATE plan_change SET effective_at = NULL",
        "DELETE FROM charge_day",
        "DELETE FROM usage_trigger",
        "UPDATE usage_trigger SET value = 1",
        "DELETE FROM usage_trigger_setup",
        "DELETE FROM spend_balance",
        "UPDATE credit_entry SET units = 1",
        "SELECT auth_token FROM provider_account",
        "SELECT * FROM person",
        "SELECT password_hash FROM person",
        "UPDATE person SET name = 'x'",
        "SELECT * FROM session",
        "SELECT secret FROM totp",
        "SELECT * FROM recovery_code",
        "SELECT * FROM oauth_grant",
        "SELECT * FROM refresh_token",
        "SELECT * FROM outgoing_mail",
        "SELECT * FROM signing_key",
        "SELECT * FROM api_client_lookup",
        "UPDATE audit_entry SET action = 'x'",
        "DELETE FROM audit_entry",
        "UPDATE audit_seal SET hash = ''",
        "INSERT INTO audit_checkpoint SELECT * FROM audit_checkpoint",
        "UPDATE support_session SET closed_at = NULL",
        "INSERT INTO tenant SELECT * FROM tenant",
        "UPDATE tenant SET state = 'ACTIVE'",
        "UPDATE number SET number = '+12025550100'",
        "UPDATE number SET ready = true",
        "UPDATE plan SET allowance_amount = NULL",
        "INSERT INTO callback_inbox SELECT * FROM callback_inbox",
        "UPDATE template_version SET body = 'x'",
        "DELETE FROM callback_inbox",
        "DELETE FROM alert_occurrence",
        "DELETE FROM webhook_event",
        "DELETE FROM webhook_delivery",
        "SELECT previous_auth_token FROM provider_account",
        "DELETE FROM usage_day",
        "SELECT create_partitions('2030-01-01', '2030-01-01')",
    ],
    _Role.AUTH: [
        "SELECT * FROM contact",
        "SELECT * FROM message",
        "SELECT * FROM message_event",
        "SELECT * FROM template_version",
        "SELECT * FROM provider_account",
        "SELECT * FROM number",
        "SELECT * FROM callback_inbox",
        "DELETE FROM callback_inbox",
        "SELECT * FROM conversation",
        "SELECT * FROM alert",
        "SELECT * FROM webhook_endpoint",
        "SELECT * FROM webhook_secret",
        "SELECT * FROM allowance_balance",
        "UPDATE tenant SET state = 'ACTIVE'",
        "UPDATE membership SET role = 'OWNER'",
        "DELETE FROM membership",
        "UPDATE api_client SET scopes = '{{}}'",
        "UPDATE api_client_secret SET expires_at = NULL",
        "UPDATE support_grant SET revoked_at = NULL",
        "SELECT * FROM audit_entry",
        "SELECT * FROM outgoing_mail",
        "UPDATE api_client_lookup SET client_id = 'x'",
        "DELETE FROM person",
        "DELETE FROM signing_key",
    ],
    _Role.OPERATOR: [
        "SELECT * FROM contact",
        "SELECT * FROM message",
        "SELECT * FROM message_event",
        "SELECT * FROM template",
        "SELECT * FROM template_version",
        "SELECT * FROM suppression",
        "SELECT * FROM membership",
        "SELECT * FROM person",
        "SELECT * FROM session",
        "SELECT * FROM api_client_secret",
        "SELECT * FROM signing_key",
        "SELECT * FROM callback_inbox",
        "DELETE FROM callback_inbox",
        "SELECT * FROM conversation",
        "SELECT * FROM call",
        "SELECT * FROM alert_occurrence",
        "UPDATE alert SET count = 1",
        "SELECT * FROM webhook_secret",
        "SELECT * FROM webhook_event",
        "UPDATE usage_day SET count = 0",
        "UPDATE allowance_balance SET used = 0",
        "UPDATE charge_day SET count = 0",
        "DELETE FROM tenant_plan",
        "INSERT INTO plan_change SELECT * FROM plan_change",
        "UPDATE plan_change SET canceled_at = NULL",
        "UPDATE credit_entry SET units = 1",
        "DELETE FROM credit_lot",
        "UPDATE rate SET price = 0",
        "UPDATE rate_card SET version = 1",
        "DELETE FROM number_series",
        "UPDATE usage_record SET price = 0",
        "UPDATE usage_sync SET state = 'DONE'",
        "UPDATE invoice_cost SET cost = 0",
        "UPDATE credit_note SET amount = 1",
        "UPDATE payment SET amount = 0",
        "DELETE FROM discrepancy",
        "DELETE FROM plan_change",
    ],
    _Role.WORKER: [
        "SELECT lines FROM invoice",
        "UPDATE usage_sync SET days_done = 0",
        "UPDATE usage_trigger_setup SET held_until = NULL",
        "SELECT channels FROM alert_rule",
        "SELECT * FROM tenant_plan",
        "SELECT * FROM invoice_cost",
        "INSERT INTO rate_card SELECT * FROM rate_card",
        "SELECT * FROM contact",
        "SELECT * FROM message",
        "SELECT * FROM message_event",
        "SELECT * FROM template_version",
        "SELECT * FROM membership",
        "SELECT * FROM person",
        "SELECT * FROM session",
        "SELECT * FROM api_client_secret",
        "SELECT * FROM signing_key",
        "SELECT body FROM message",
        "SELECT recipient_number FROM message",
        "UPDATE message SET status = 'DELIVERED'",
        "UPDATE message SET ask_at = NULL",
        "UPDATE sweep SET repaired = 0",
        "UPDATE callback_inbox SET applied_at = NULL",
        "SELECT * FROM conversation",
        "SELECT * FROM call",
        "SELECT * FROM webhook_secret",
        "SELECT data FROM webhook_event",
        "SELECT response FROM webhook_delivery",
        "UPDATE webhook_delivery SET due_at = NULL",
        "UPDATE due_tenant SET due_at = NULL",
        "UPDATE provider_account SET key_sid = 'x'",
        "UPDATE tenant SET state = 'ACTIVE'",
        "UPDATE plan SET allowance_amount = NULL",
        "UPDATE audit_entry SET action = 'x'",
        "INSERT INTO audit_entry SELECT * FROM audit_entry",
        "UPDATE audit_seal SET hash = ''",
    ],
}
NOT_OF_SUPPORT = [
    "SELECT * FROM contact",
    "SELECT * FROM template_version",
    "SELECT * FROM person",
    "SELECT * FROM session",
    "SELECT * FROM provider_account",
    "SELECT * FROM callback_inbox",
    "SELECT * FROM audit_entry",
    "SELECT * FROM support_session",
    "SELECT * FROM support_grant",
    "UPDATE message SET status = 'FAILED'",
    "UPDATE tenant SET state = 'CLOSED'",
    "UPDATE usage_day SET count = 0",
    "INSERT INTO message_event SELECT * FROM message_event",
    "DELETE FROM number",
]
REFUSED[_Role.SUPPORT_CONTENT] = NOT_OF_SUPPORT
REFUSED[_Role.SUPPORT] = [
    *NOT_OF_SUPPORT,
    "SELECT body FROM message",
    "SELECT recipient_number FROM message",
    "SELECT sender_number FROM message",
    "SELECT * FROM message",
    "SELECT number FROM message_refusal",
]


@dataclass(frozen=True)
class World:
    """Two tenants with an account and a number each."""

    database: Database
    falcon: UUID
    freestyle: UUID


@pytest.fixture
async def world(database: Database, clock: TurnableClock) -> World:
    tenants = [await make_tenant(database, clock, name=name) for name in ("Falcon Flights", "Freestyle Falcons")]
    async with database.as_role(_Role.OPERATOR) as tx:
        for tenant in tenants:
            await tx.execute(
                "INSERT INTO provider_account (tenant_id, id, account_sid, auth_token, key_sid, key_secret, created_at)"
                " VALUES ($1, $2, $3, 'token', 'SK', 'secret', $4)",
                tenant,
                new_id(clock.now()),
                f"AC{secrets.token_hex(16)}",
                clock.now(),
            )
    return World(database, tenants[0], tenants[1])


def _pairs() -> list[tuple[DatabaseRole, str]]:
    pairs: list[tuple[DatabaseRole, str]] = [(role, sql) for role in EVERYBODY for sql in FOR_NOBODY]
    return pairs + [(role, sql) for role, each in REFUSED.items() for sql in each]


async def test_tn_11_no_role_may_do_more_than_its_work(world: World, clock: TurnableClock) -> None:
    month = f"{clock.now():%Y_%m}"
    allowed = []
    for role, sql in _pairs():
        try:
            async with world.database.for_tenant(world.falcon, role=role) as tx:
                for statement in sql.format(month=month).split("; "):
                    await tx.execute(statement)
        except asyncpg.InsufficientPrivilegeError:
            continue
        allowed.append(f"{role.value}: {sql}")
    assert allowed == []


@pytest.mark.parametrize("role", EVERYBODY)
async def test_no_role_becomes_the_owner_and_a_role_does_not_outlive_its_transaction(
    world: World, role: DatabaseRole
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with world.database.as_role(role) as tx:
            await tx.execute("SET ROLE portal_owner")
    async with world.database.as_role(role) as tx:
        assert await tx.value("SELECT current_user::text") == role.value
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with world.database.as_role(_Role.SUPPORT) as tx:
            await tx.execute("SET ROLE postgres")


async def test_the_worker_reads_the_credentials_of_one_tenant_at_a_time(world: World) -> None:
    sql = "SELECT tenant_id FROM provider_account"
    async with world.database.as_role(_Role.WORKER) as tx:
        assert await tx.rows(sql) == []
    async with world.database.for_tenant(world.falcon, role=_Role.WORKER) as own:
        assert [row["tenant_id"] for row in await own.rows(sql)] == [world.falcon]
        assert await own.rows(f"{sql} WHERE tenant_id = $1", world.freestyle) == []


async def test_across_tenants_the_worker_sees_who_has_work_and_what_was_called_back_and_changes_neither(
    world: World, clock: TurnableClock
) -> None:
    for tenant in (world.falcon, world.freestyle):
        async with world.database.for_tenant(tenant) as own:
            await own.execute("INSERT INTO due_tenant (tenant_id, due_at) VALUES ($1, $2)", tenant, clock.now())
            await own.execute(
                "INSERT INTO sweep VALUES ($1, $2, $3, $3, 0, 0)", tenant, new_id(clock.now()), clock.now()
            )
    async with world.database.as_role(_Role.WORKER) as tx:
        for tenant in (world.falcon, world.freestyle):
            await tx.execute(CALLED_BACK, new_id(clock.now()), tenant, clock.now())
        for table in ("due_tenant", "callback_inbox", "sweep"):
            found = {row["tenant_id"] for row in await tx.rows(f"SELECT tenant_id FROM {table}")}  # noqa: S608  names of our tables
            assert found == {world.falcon, world.freestyle}


async def test_the_application_applies_its_own_tenants_callbacks_alone(world: World, clock: TurnableClock) -> None:
    async with world.database.as_role(_Role.WORKER) as tx:
        for tenant in (world.falcon, world.freestyle):
            await tx.execute(CALLED_BACK, new_id(clock.now()), tenant, clock.now())
    async with world.database.for_tenant(world.falcon) as own:
        assert await own.execute("UPDATE callback_inbox SET applied_at = $1", clock.now()) == 1
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with world.database.for_tenant(world.falcon) as own:
            await own.execute("UPDATE callback_inbox SET tenant_id = $1", world.freestyle)


async def test_the_application_sees_its_own_tenant_alone(world: World) -> None:
    async with world.database.for_tenant(world.falcon) as own:
        assert [row["id"] for row in await own.rows("SELECT id FROM tenant")] == [world.falcon]
        assert await own.rows("SELECT id FROM tenant WHERE id = $1", world.freestyle) == []
    async with world.database.as_role(_Role.APP) as nobody:
        assert await nobody.rows("SELECT id FROM tenant") == []
        assert await nobody.rows("SELECT tenant_id FROM due_tenant") == []


async def test_tn_07_an_insert_for_another_tenant_is_refused_with_the_tenant_of_the_transaction(
    world: World, clock: TurnableClock
) -> None:
    for role in (_Role.APP, _Role.WORKER):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with world.database.for_tenant(world.falcon, role=role) as own:
                await own.execute(
                    "INSERT INTO due_tenant (tenant_id, due_at) VALUES ($1, $2)", world.freestyle, clock.now()
                )
    async with world.database.as_role(_Role.WORKER) as tx:
        assert await tx.rows("SELECT * FROM due_tenant") == []


async def test_a_tenant_that_is_no_uuid_never_reaches_a_statement(world: World) -> None:
    with pytest.raises(TypeError):
        async with world.database.for_tenant("' OR true --"):  # type: ignore[arg-type]  # the attack
            pass
