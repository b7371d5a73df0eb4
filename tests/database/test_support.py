"""What the database alone keeps from ISV support, tried in SQL over every table that there is."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.clock import new_id
from portal.contacts.numbers import mask_number
from portal.database import Database, DatabaseRole
from portal.database.address import DatabaseAddress
from tests.database.catalogue import TENANTLESS
from tests.factories import make_tenant
from tests.turnable_clock import TurnableClock

SUPPORT, WITH_CONTENT = "portal_support", "portal_support_content"
READABLE = """
SELECT table_name, column_name, grantee FROM information_schema.column_privileges
WHERE grantee IN ('portal_support', 'portal_support_content') AND privilege_type = 'SELECT' AND table_schema = 'public'
ORDER BY table_name, column_name
"""
TABLES = """
SELECT c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition GROUP BY 1 ORDER BY 1
"""
CONTENT = {
    "message": {"body", "sender_number", "recipient_number"},
    "message_refusal": {"number"},
    "number": {"provider_reference"},
    "call": {"sender_number", "recipient_number"},
    "conversation": {"number"},
}


@dataclass(frozen=True)
class Session:
    """What a transaction of support says of itself; nothing is an empty text."""

    tenant_id: str
    id: str
    now: str


@dataclass(frozen=True)
class Ward:
    """A tenant with a row in every table that support may read, and an open session in it."""

    database: Database
    superuser: asyncpg.Connection
    session: Session
    readable: dict[str, dict[str, set[str]]]  # columns by table by role


@pytest.fixture
async def ward(
    database: Database, address: DatabaseAddress, superuser: DatabaseAddress, clock: TurnableClock
) -> AsyncIterator[Ward]:
    connection = await asyncpg.connect(**superuser.to(database=address.database).credentials())
    now = clock.now()
    tenant, session = await make_tenant(database, clock), new_id(now)
    ids = {name: new_id(now) for name in ("batch", "message", "plan", "person")}
    await connection.execute(
        f"""
        INSERT INTO plan VALUES ('{ids["plan"]}', 'p', 1, 'PUBLISHED', 1, 'MESSAGES', 'DAY', 'STOP', '{now}');
        INSERT INTO tenant_plan VALUES ('{tenant}', '{new_id(now)}', '{ids["plan"]}', '{now}');
        INSERT INTO allowance_balance VALUES
          ('{tenant}', '{new_id(now)}', '{now}', '{now + timedelta(days=1)}', 'MESSAGES', 0, 0);
        INSERT INTO usage_day VALUES ('{tenant}', '{now.date()}', 'sms-outbound', 1, 1, '{now}');
        INSERT INTO usage_record VALUES ('{tenant}', '{now.date()}', 'sms-outbound', 1, 'messages', 1, 'segments',
          0.0083, 'USD', '{now}', '{now}');
        INSERT INTO usage_sync (tenant_id, id, state, from_day, until_day, requested_at)
          VALUES ('{tenant}', '{new_id(now)}', 'WAITING', '{now.date()}', '{now.date() + timedelta(days=1)}', '{now}');
        INSERT INTO number VALUES ('{tenant}', '{new_id(now)}', '+12025550100', 'Main', 'PN1', '{now}');
        INSERT INTO message_batch (tenant_id, id, total, accepted, actor_kind, actor_id, actor_name, created_at)
          VALUES ('{tenant}', '{ids["batch"]}', 2, 1, 'MEMBER', '{ids["person"]}', 'Alice', '{now}');
        INSERT INTO message_refusal (tenant_id, id, batch_id, number, code, message)
          VALUES ('{tenant}', '{new_id(now)}', '{ids["batch"]}', '+12025550101', 'OPTED_OUT', 'No.');
        INSERT INTO message (tenant_id, id, batch_id, direction, channel, status, status_at, sender_number,
          recipient_number, body, encoding, segments, created_at) VALUES ('{tenant}', '{ids["message"]}',
          '{ids["batch"]}', 'OUTBOUND', 'SMS', 'SENT', '{now}', '+12025550100', '+12025550101', 'Secret', 'GSM_7', 1,
          '{now}');
        INSERT INTO message_event (tenant_id, id, message_id, status, at, heard_at, source)
          VALUES ('{tenant}', '{new_id(now)}', '{ids["message"]}', 'SENT', '{now}', '{now}', 'PORTAL');
        INSERT INTO tenant_settings VALUES ('{tenant}', '{new_id(now)}', 'Help', 'Stopped', 'Started', 30, '{now}');
        INSERT INTO conversation (tenant_id, id, number, last_message_id, last_received_at, unread, created_at)
          VALUES ('{tenant}', '{new_id(now)}', '+12025550101', '{ids["message"]}', '{now}', 1, '{now}');
        INSERT INTO call (tenant_id, id, direction, status, status_at, sender_number, recipient_number,
          provider_reference, created_at) VALUES ('{tenant}', '{new_id(now)}', 'OUTBOUND', 'RINGING', '{now}',
          '+12025550100', '+12025550101', 'CA1', '{now}');
        INSERT INTO alert (tenant_id, id, kind, code, count, first_at, last_at)
          VALUES ('{tenant}', '{ids["message"]}', 'DELIVERABILITY', 'FILTERED', 1, '{now}', '{now}');
        INSERT INTO alert_occurrence (tenant_id, id, alert_id, at, event)
          VALUES ('{tenant}', '{new_id(now)}', '{ids["message"]}', '{now}', 'e');
        INSERT INTO alert_rule VALUES ('{tenant}', '{new_id(now)}', 'DELIVERABILITY', '{{PAGE}}', '{now}');
        INSERT INTO alert_mute VALUES ('{tenant}', '{new_id(now)}', 'DELIVERABILITY', 'FILTERED', '{now}');
        INSERT INTO policy_override (tenant_id, id, rule, reason, since, until, made_by_name) VALUES ('{tenant}',
          '{new_id(now)}', 'OPT_OUT_TEXT', 'Agreed', '{now}', '{now + timedelta(days=1)}', 'Otto');
        INSERT INTO tenant_pace (tenant_id, tokens, counted_at) VALUES ('{tenant}', 1, '{now}');
        INSERT INTO throttling VALUES ('{tenant}', '{now}', 1);
        INSERT INTO traffic_pause (tenant_id, id, kind, country, prefix, reason, paused_at, cost_currency,
          price_currency) VALUES ('{tenant}', '{new_id(now)}', 'SMS', 'US', '+1202555', 'BURST', '{now}', 'USD', 'USD');
        INSERT INTO person (id, email, name, created_at)
          VALUES ('{ids["person"]}', '{secrets.token_hex(4)}@example.com', 'Sam', '{now}');
        INSERT INTO support_session VALUES
          ('{tenant}', '{session}', '{ids["person"]}', 'Sam', 'A ticket', '{now}', '{now + timedelta(hours=1)}');
        """  # noqa: S608  made here
    )
    readable: dict[str, dict[str, set[str]]] = {SUPPORT: {}, WITH_CONTENT: {}}
    for row in await connection.fetch(READABLE):
        readable[row["grantee"]].setdefault(row["table_name"], set()).add(row["column_name"])
    yield Ward(database, connection, Session(str(tenant), str(session), now.isoformat()), readable)
    await connection.close()


async def let_see_content(ward: Ward, clock: TurnableClock) -> None:
    """The tenant's leave, for an hour."""
    now = clock.now()
    await ward.superuser.execute(
        "INSERT INTO support_grant SELECT tenant_id, id, person_id, person_name, $1, $2 FROM support_session",
        now,
        now + timedelta(hours=1),
    )


async def counted(ward: Ward, session: Session, role: str) -> dict[str, int]:
    """How many rows this role finds in every table of tenants that it may read, by columns that it may read."""
    found = {}
    for table, columns in ward.readable[role].items():
        if table in TENANTLESS:
            continue
        async with ward.superuser.transaction(readonly=True):
            await ward.superuser.execute(
                f"SET LOCAL ROLE {role}; SET LOCAL app.tenant_id = '{session.tenant_id}'; "
                f"SET LOCAL app.support_session = '{session.id}'; SET LOCAL app.now = '{session.now}'"
            )
            listed = ", ".join(sorted(columns))
            found[table] = len(await ward.superuser.fetch(f"SELECT {listed} FROM {table}"))  # noqa: S608  the catalogue's names
    return found


async def test_tn_11_in_an_open_session_support_finds_the_tenant_s_rows(ward: Ward) -> None:
    found = await counted(ward, ward.session, SUPPORT)
    assert found == dict.fromkeys(ward.readable[SUPPORT].keys() - TENANTLESS.keys(), 1)
    assert len(found) == 21


async def test_tn_11_support_finds_no_row_of_any_table_without_an_open_session_of_that_tenant(
    ward: Ward, clock: TurnableClock
) -> None:
    other = await make_tenant(ward.database, clock, name="Freestyle Falcons")
    later = (clock.now() + timedelta(hours=1)).isoformat()
    without = {
        "none": replace(ward.session, id=""),
        "an unknown one": replace(ward.session, id=str(new_id(clock.now()))),
        "one of another tenant": replace(ward.session, tenant_id=str(other)),
        "no tenant": replace(ward.session, tenant_id=""),
        "an expired one": replace(ward.session, now=later),
    }
    await let_see_content(ward, clock)
    for why, session in without.items():
        for role in (SUPPORT, WITH_CONTENT):
            assert set((await counted(ward, session, role)).values()) == {0}, (why, role)
    await ward.superuser.execute("UPDATE support_session SET closed_at = opened_at")
    for role in (SUPPORT, WITH_CONTENT):
        assert set((await counted(ward, ward.session, role)).values()) == {0}, role


async def test_tn_11_the_role_with_content_finds_rows_only_while_the_tenant_s_leave_holds(
    ward: Ward, clock: TurnableClock
) -> None:
    assert set((await counted(ward, ward.session, WITH_CONTENT)).values()) == {0}
    await let_see_content(ward, clock)
    assert set((await counted(ward, ward.session, WITH_CONTENT)).values()) == {1}
    await ward.superuser.execute("UPDATE support_grant SET expires_at = granted_at + interval '1 second'")
    after = replace(ward.session, now=(clock.now() + timedelta(seconds=1)).isoformat())
    assert set((await counted(ward, after, WITH_CONTENT)).values()) == {0}
    assert set((await counted(ward, after, SUPPORT)).values()) == {1}
    await ward.superuser.execute("UPDATE support_grant SET revoked_at = granted_at")
    assert set((await counted(ward, ward.session, WITH_CONTENT)).values()) == {0}


async def test_tn_11_every_column_that_is_not_support_s_is_refused_by_its_name(ward: Ward) -> None:
    kept: dict[str, set[str]] = {}
    for table in await ward.superuser.fetch(TABLES):
        for column in table["columns"]:
            if column in ward.readable[SUPPORT].get(table["name"], ()):
                continue
            kept.setdefault(table["name"], set()).add(column)
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with ward.superuser.transaction():
                    await ward.superuser.execute(f"SET LOCAL ROLE {SUPPORT}; SELECT {column} FROM {table['name']}")  # noqa: S608  the same
    assert all(columns <= kept[table] for table, columns in CONTENT.items())
    assert {"contact", "template_version", "person", "session", "audit_entry", "support_session"} <= kept.keys()


@pytest.mark.parametrize("role", [SUPPORT, WITH_CONTENT])
async def test_tn_11_support_writes_to_no_table(role: str, ward: Ward) -> None:
    for table in await ward.superuser.fetch(TABLES):
        name, (column, *_) = table["name"], table["columns"]
        for sql in (
            f"INSERT INTO {name} DEFAULT VALUES",
            f"UPDATE {name} SET {column} = {column}",  # noqa: S608  the catalogue's names
            f"DELETE FROM {name}",  # noqa: S608  the same
            f"TRUNCATE {name}",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with ward.superuser.transaction():
                    await ward.superuser.execute(f"SET LOCAL ROLE {role}; {sql}")


async def test_a_transaction_of_support_reads_and_never_writes(ward: Ward, clock: TurnableClock) -> None:
    own = ward.session
    async with ward.database.for_support(UUID(own.tenant_id), UUID(own.id), clock.now(), sees_content=False) as tx:
        assert await tx.value("SELECT recipient_masked FROM message") == "+1••••••••01"
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await tx.execute("CREATE TEMPORARY TABLE mine (id uuid)")


async def test_ids_that_are_no_uuids_never_reach_a_statement(database: Database, clock: TurnableClock) -> None:
    good: Any = new_id(clock.now())
    attack: Any = "x'; SET ROLE portal_owner; --"
    for tenant_id, session_id in ((attack, good), (good, attack)):
        with pytest.raises(TypeError):
            async with database.for_support(tenant_id, session_id, clock.now(), sees_content=True):
                pass


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.lists(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True), min_size=1, max_size=20))
async def test_the_database_masks_numbers_as_the_portal_does(database: Database, numbers: list[str]) -> None:
    async with database.as_role(DatabaseRole.APP, read_only=True) as tx:
        masked = await tx.value("SELECT array_agg(mask_number(e164)) FROM unnest($1::text[]) AS e164", numbers)
    assert masked == [mask_number(number) for number in numbers]
    for number, shown in zip(numbers, masked, strict=True):
        assert (len(shown), shown.count("•")) == (len(number), len(number) - 4)
