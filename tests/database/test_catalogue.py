"""The catalogue keeps the rules, and a table that breaks one is named."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from portal.database.address import DatabaseAddress
from portal.database.connection import DatabaseRole
from tests.database.catalogue import ROLES, grants, violations
from tests.database.models import all_models, mismatches

GRANTS = Path(__file__).parent / "grants.txt"
THING = """
SET LOCAL ROLE portal_owner;
CREATE TABLE thing (tenant_id uuid NOT NULL, id uuid NOT NULL, contact_id uuid, PRIMARY KEY (tenant_id, id));
CALL guard_tenant_table('thing', 'SELECT');
"""
PLAIN = "SET LOCAL ROLE portal_owner; CREATE TABLE bare (id uuid PRIMARY KEY)"
BAD = {
    "without a tenant": (PLAIN, "bare: tenant_id is missing, not uuid not null"),
    "without row-level security": (PLAIN, "bare: row-level security is not enabled and forced"),
    "without a policy": (PLAIN, "bare: no policy for everybody and every command"),
    "a key without the tenant": (PLAIN, "bare: bare_pkey is unique without tenant_id"),
    "a tenant that may be null": (
        "ALTER TABLE thing DROP CONSTRAINT thing_pkey, ALTER tenant_id DROP NOT NULL",
        "thing: tenant_id is uuid, not uuid not null",
    ),
    "a tenant of another type": (
        "DROP POLICY own_tenant ON thing; ALTER TABLE thing ALTER tenant_id TYPE text",
        "thing: tenant_id is text not null, not uuid not null",
    ),
    "not forced on its owner": (
        "ALTER TABLE thing NO FORCE ROW LEVEL SECURITY",
        "thing: row-level security is not enabled and forced",
    ),
    "disabled": (
        "ALTER TABLE thing DISABLE ROW LEVEL SECURITY",
        "thing: row-level security is not enabled and forced",
    ),
    "a policy that checks no writing": (
        "DROP POLICY own_tenant ON thing; CREATE POLICY own_tenant ON thing USING (tenant_id = current_tenant())",
        "thing: policy own_tenant has no WITH CHECK",
    ),
    "a policy that lets everything be written": (
        "ALTER POLICY own_tenant ON thing WITH CHECK (true)",
        "thing: policy own_tenant does not keep to the tenant",
    ),
    "a second policy that opens it": (
        "CREATE POLICY open ON thing USING (true) WITH CHECK (tenant_id = current_tenant())",
        "thing: policy open does not keep to the tenant",
    ),
    "the application across tenants": (
        "CALL allow_across_tenants('thing', 'portal_app', 'SELECT')",
        "thing: policy across_tenants_portal_app lets portal_app across tenants",
    ),
    "support without a session": (
        "GRANT SELECT (contact_id) ON thing TO portal_support",
        "thing: portal_support reads it without a session",
    ),
    "support that sees content without a grant": (
        "CALL let_support_read('thing', 'id'); ALTER POLICY while_content_is_granted ON thing USING (true)",
        "thing: portal_support_content reads it without a session",
    ),
    "a unique index without the tenant": (
        "CREATE UNIQUE INDEX thing_once ON thing (contact_id) WHERE contact_id IS NOT NULL",
        "thing: thing_once is unique without tenant_id",
    ),
    "a unique index that only carries the tenant": (
        "CREATE UNIQUE INDEX thing_once ON thing (contact_id) INCLUDE (tenant_id)",
        "thing: thing_once is unique without tenant_id",
    ),
    "a foreign key that forgets the tenant": (
        (
            "ALTER TABLE contact ADD CONSTRAINT contact_once UNIQUE (id); "
            "ALTER TABLE thing ADD CONSTRAINT thing_of FOREIGN KEY (contact_id) REFERENCES contact (id)"
        ),
        "thing: thing_of does not pair tenant_id",
    ),
    "a foreign key into a partitioned table": (
        "ALTER TABLE thing ADD CONSTRAINT thing_of FOREIGN KEY (tenant_id, contact_id) REFERENCES message",
        "thing: thing_of points into a partitioned table",
    ),
    "a foreign key to a table that is not copied to every node": (
        "ALTER TABLE thing ADD kid text, ADD CONSTRAINT thing_of FOREIGN KEY (kid) REFERENCES signing_key",
        "thing: thing_of points to a tenant-less table that is no reference table",
    ),
    "a foreign key from a tenant-less table": (
        (
            "ALTER TABLE session ADD thing_id uuid, "
            "ADD CONSTRAINT session_of FOREIGN KEY (tenant_id, thing_id) REFERENCES thing"
        ),
        "session: session_of points from a tenant-less table to a tenant's",
    ),
    "partitions of partitions": (
        (
            "CREATE TABLE message_2099 PARTITION OF message FOR VALUES FROM (first_id_of('2099-01-01')) "
            "TO (first_id_of('2100-01-01')) PARTITION BY RANGE (id)"
        ),
        "message_2099: a partition of partitions",
    ),
    "partitioned by something else": (
        (
            "CREATE TABLE heap (tenant_id uuid NOT NULL, id uuid NOT NULL, PRIMARY KEY (tenant_id, id)) "
            "PARTITION BY HASH (tenant_id); CALL guard_tenant_table('heap', 'SELECT')"
        ),
        "heap: partitioned by HASH (tenant_id), not by RANGE (id)",
    ),
    "a grant on a partition": (
        (
            "CREATE TABLE message_2099 PARTITION OF message FOR VALUES FROM (first_id_of('2099-01-01')) "
            "TO (first_id_of('2100-01-01')); GRANT SELECT ON message_2099 TO portal_app"
        ),
        "table message_2099: granted beside its table",
    ),
    "a grant on a partition's column": (
        (
            "CREATE TABLE message_2099 PARTITION OF message FOR VALUES FROM (first_id_of('2099-01-01')) "
            "TO (first_id_of('2100-01-01')); GRANT SELECT (body) ON message_2099 TO portal_support"
        ),
        "column message_2099.body: granted beside its table",
    ),
    "a view that reads as its owner": (
        "CREATE VIEW things AS SELECT * FROM thing",
        "things: a view without security_invoker reads as its owner",
    ),
    "a materialized view": (
        "CREATE MATERIALIZED VIEW things AS SELECT * FROM thing",
        "things: a materialized view knows no row-level security",
    ),
    "a function that runs as its owner": (
        (
            "CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = public "
            "AS 'SELECT count(*) FROM contact'"
        ),
        "peek(): runs as its owner and is not on the list",
    ),
    "a function on the caller's search path": (
        "ALTER FUNCTION create_partitions(date, date) RESET search_path",
        "create_partitions(date,date): runs as its owner on the caller's search_path",
    ),
    "a function for everybody": (
        "GRANT EXECUTE ON FUNCTION create_partitions(date, date) TO PUBLIC",
        "create_partitions(date,date): runs as its owner for everybody",
    ),
    "a table of another owner": (
        "RESET ROLE; ALTER TABLE thing OWNER TO portal_app",
        "thing: belongs to portal_app",
    ),
    "a role above row-level security": (
        "RESET ROLE; ALTER ROLE portal_app BYPASSRLS",
        "portal_app: may do more than its grants say",
    ),
    "a login that may become the owner": (
        "RESET ROLE; GRANT portal_owner TO portal",
        "portal: may take the roles portal_owner",
    ),
    "a login that needs to take no role": ("RESET ROLE; ALTER ROLE portal INHERIT", "portal: inherits"),
}


@pytest.fixture
async def connection(superuser: DatabaseAddress, address: DatabaseAddress) -> AsyncIterator[asyncpg.Connection]:
    """This test's database, as the user that may do everything."""
    connection = await asyncpg.connect(**superuser.to(database=address.database).credentials())
    try:
        yield connection
    finally:
        await connection.close()


async def test_tn_10_every_table_role_and_function_keeps_the_rules(connection: asyncpg.Connection) -> None:
    assert await violations(connection, "portal") == []


async def test_every_role_may_do_exactly_what_is_written_down(connection: asyncpg.Connection) -> None:
    assert await grants(connection) == GRANTS.read_text().splitlines()


async def test_a_table_that_keeps_the_rules_is_let_through(connection: asyncpg.Connection) -> None:
    await connection.execute("BEGIN; " + THING)
    assert await violations(connection, "portal") == []


@pytest.mark.parametrize("name", BAD)
async def test_tn_10_a_catalogue_that_breaks_a_rule_is_refused_by_name(
    connection: asyncpg.Connection, name: str
) -> None:
    sql, expected = BAD[name]
    await connection.execute("BEGIN; " + THING + sql)
    found = await violations(connection, "portal")
    assert [text for text in found if text.startswith(expected)], found
    await connection.execute("ROLLBACK")  # roles belong to the whole server
    assert await violations(connection, "portal") == []


async def test_the_models_say_what_the_tables_say(connection: asyncpg.Connection) -> None:
    assert {model.__name__ for model in all_models()} == {"Contact", "MessageBatch", "Template", "TemplateVersion"}
    assert await mismatches(connection) == []


async def test_a_model_that_says_something_else_is_named(connection: asyncpg.Connection) -> None:
    await connection.execute(
        "ALTER TABLE contact DROP COLUMN fields; ALTER TABLE contact ALTER name SET NOT NULL; "
        "ALTER TABLE contact ADD COLUMN shoe_size integer; ALTER TABLE template ALTER version TYPE bigint"
    )
    assert await mismatches(connection) == [
        "contact.fields: only in the model",
        "contact.name: null in one and not in the other",
        "contact.shoe_size: only in the table",
        "template.version: integer in the model, bigint in the table",
    ]


def test_the_roles_of_the_rules_are_those_of_the_code() -> None:
    assert set(ROLES) == {role.value for role in DatabaseRole}
