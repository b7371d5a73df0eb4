"""Reads the database's catalogue and says what breaks the rules of tables, roles and functions."""

from collections.abc import Iterable, Sequence

import asyncpg

# Tables without a tenant, each with its reason; every other table is a tenant's.
TENANTLESS = {
    "api_client_lookup": "the token endpoint knows a client's name before it knows the tenant",
    "authorization_code": "it is redeemed before a tenant is known",
    "callback_inbox": "many tenants' callbacks share a commit; its policies go by tenant_id all the same",
    "external_identity": "a person's, who may belong to several tenants",
    "invoice_run": "it makes the invoices of all tenants",
    "mailed_link": "a person's, who may belong to several tenants",
    "number_series": "numbers run through all tenants",
    "oauth_application": "other people's programs serve all tenants",
    "oauth_grant": "tokens are looked up before a tenant is known",
    "outgoing_mail": "encrypted, and to whoever",
    "passkey": "a person's, who may belong to several tenants",
    "pending_sign_in": "it ends before a tenant is chosen",
    "person": "one person may belong to several tenants",
    "plan": "the catalogue is the same for all",
    "rate": "the provider asks the same for all",
    "rate_card": "the provider asks the same for all",
    "recovery_code": "a person's, who may belong to several tenants",
    "refresh_token": "it is redeemed before a tenant is known",
    "revoked_token": "asked for before a tenant is known",
    "session": "it begins before a tenant is chosen",
    "signing_key": "the issuer's own",
    "tenant": "its id is the tenant_id of all others; its policy goes by id",
    "tortoise_migrations": "the migrations' own record",
    "totp": "a person's, who may belong to several tenants",
    "used_assertion": "clients prove themselves before a tenant is known",
}
REFERENCE = ("person", "plan", "tenant")  # small, copied to every node when distributed: foreign keys may point there
LARGE = ("audit_entry", "call", "callback_inbox", "message", "message_event", "webhook_delivery", "webhook_event")
OWNER = "portal_owner"
ROLES = (
    OWNER,
    "portal_app",
    "portal_auth",
    "portal_operator",
    "portal_support",
    "portal_support_content",
    "portal_worker",
)
ACROSS_TENANTS = ("portal_auth", "portal_operator", "portal_worker")
OWN_TENANT = "(tenant_id = current_tenant())"
DEFINERS = ("create_partitions(date,date)", "support_content_granted()", "support_session_open()")
# What has to hold besides own_tenant before ISV support reads a tenant's row.
SUPPORT_CONDITIONS = {
    "portal_support": "( SELECT support_session_open() AS support_session_open)",
    "portal_support_content": "( SELECT support_content_granted() AS support_content_granted)",
}

_TABLES = """
SELECT c.oid, c.relname AS name, c.relkind::text AS kind, c.relispartition AS is_partition,
  c.relrowsecurity AND c.relforcerowsecurity AS guarded, pg_get_userbyid(c.relowner) AS owner,
  pg_get_partkeydef(c.oid) AS partitioned_by, c.reloptions::text[] AS options,
  (SELECT format_type(a.atttypid, NULL) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
   FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id') AS tenant_column
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY 2
"""
_POLICIES = """
SELECT p.polrelid AS oid, p.polname AS name, p.polcmd::text AS command, p.polpermissive AS permissive,
  ARRAY(SELECT pg_get_userbyid(role) FROM unnest(p.polroles) AS role WHERE role <> 0) AS roles,
  pg_get_expr(p.polqual, p.polrelid) AS using, pg_get_expr(p.polwithcheck, p.polrelid) AS checked FROM pg_policy p
"""
_UNIQUE = """
SELECT i.indrelid AS oid, i.indexrelid::regclass::text AS name, EXISTS (
  SELECT FROM unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) AS key JOIN pg_attribute a
  ON a.attrelid = i.indrelid AND a.attnum = key WHERE a.attname = 'tenant_id') AS with_tenant
FROM pg_index i WHERE i.indisunique
"""
_FOREIGN_KEYS = """
SELECT k.conname AS name, k.conrelid AS oid, k.confrelid AS target, EXISTS (
  SELECT FROM unnest(k.conkey, k.confkey) AS pair (ours, theirs)
  JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ours AND a.attname = 'tenant_id'
  JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = theirs AND b.attname = 'tenant_id') AS paired
FROM pg_constraint k WHERE k.contype = 'f' AND k.conparentid = 0
"""
_ROLES = """
SELECT rolname AS name, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication AS mighty,
  rolcanlogin AS login, rolinherit AS inherits,
  ARRAY(SELECT pg_get_userbyid(roleid) FROM pg_auth_members WHERE member = r.oid) AS member_of
FROM pg_roles r WHERE rolname = ANY($1) OR rolname = $2
"""
_FUNCTIONS = """
SELECT p.oid::regprocedure::text AS name, p.prosecdef AS definer,
  EXISTS (SELECT FROM unnest(p.proconfig) AS setting WHERE setting LIKE 'search_path=%') AS fixed,
  p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) WHERE grantee = 0) AS for_everybody
FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
"""
_GRANTS = """
SELECT what, grantee, string_agg(privilege || CASE WHEN can_grant THEN ' WITH GRANT OPTION' ELSE '' END, ', '
  ORDER BY privilege) AS may FROM (
  SELECT 'table ' || c.relname AS what, c.relowner AS owner, acl.grantee, acl.privilege_type AS privilege,
    acl.is_grantable AS can_grant, c.relispartition AS is_partition
  FROM pg_class c CROSS JOIN aclexplode(c.relacl) AS acl WHERE c.relnamespace = 'public'::regnamespace
  UNION ALL SELECT 'column ' || c.relname || '.' || a.attname, c.relowner, acl.grantee, acl.privilege_type,
    acl.is_grantable, c.relispartition
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid CROSS JOIN aclexplode(a.attacl) AS acl
  WHERE c.relnamespace = 'public'::regnamespace
  UNION ALL SELECT 'function ' || p.oid::regprocedure::text, p.proowner, acl.grantee, acl.privilege_type,
    acl.is_grantable, false
  FROM pg_proc p CROSS JOIN aclexplode(p.proacl) AS acl WHERE p.pronamespace = 'public'::regnamespace
  UNION ALL SELECT 'schema public', n.nspowner, acl.grantee, acl.privilege_type, acl.is_grantable, false
  FROM pg_namespace n CROSS JOIN aclexplode(n.nspacl) AS acl WHERE n.nspname = 'public'
) AS granted WHERE grantee <> owner AND is_partition = $1 GROUP BY what, grantee
"""


_READERS = """
SELECT DISTINCT c.oid, pg_get_userbyid(acl.grantee) AS role FROM pg_class c
LEFT JOIN pg_attribute a ON a.attrelid = c.oid
CROSS JOIN LATERAL (SELECT * FROM aclexplode(c.relacl) UNION ALL SELECT * FROM aclexplode(a.attacl)) AS acl
WHERE c.relnamespace = 'public'::regnamespace AND acl.grantee <> 0
"""


async def violations(connection: asyncpg.Connection, login: str) -> list[str]:
    """What breaks the rules, in words; `login` is the user that the portal connects as."""
    tables = {row["oid"]: row for row in await connection.fetch(_TABLES)}
    whole = {oid: row for oid, row in tables.items() if not row["is_partition"]}
    broken = [f"{name}: listed as tenant-less, but there is none" for name in TENANTLESS]
    broken = [text for text in broken if text.partition(":")[0] not in {row["name"] for row in whole.values()}]
    policies = await connection.fetch(_POLICIES)
    unique = await connection.fetch(_UNIQUE)
    for oid, table in whole.items():
        broken += _of_kind(table)
        if table["kind"] in {"r", "p"} and table["name"] not in TENANTLESS:
            broken += _of_tenant_table(
                table,
                [policy for policy in policies if policy["oid"] == oid],
                [index for index in unique if index["oid"] == oid],
            )
    broken += _of_partitions(tables.values())
    broken += [
        text
        for row in await connection.fetch(_READERS)
        if row["oid"] in whole
        for text in _of_support(row["role"], whole[row["oid"]], [one for one in policies if one["oid"] == row["oid"]])
    ]
    broken += [
        text
        for key in await connection.fetch(_FOREIGN_KEYS)
        if key["oid"] in whole
        for text in _of_foreign_key(key["name"], tables[key["oid"]], tables[key["target"]], paired=key["paired"])
    ]
    broken += [f"{row['what']}: granted beside its table" for row in await connection.fetch(_GRANTS, True)]  # noqa: FBT003  a statement's argument
    broken += _of_roles(await connection.fetch(_ROLES, list(ROLES), login), login)
    broken += [text for function in await connection.fetch(_FUNCTIONS) for text in _of_function(function)]
    return sorted(broken)


async def grants(connection: asyncpg.Connection) -> list[str]:
    """Who may do what, one line each; what an owner may do with its own goes without saying."""
    rows = await connection.fetch(
        f"SELECT coalesce(pg_get_userbyid(nullif(grantee, 0)), 'PUBLIC') AS who, what, may FROM ({_GRANTS}) AS g",  # noqa: S608  constants
        False,  # noqa: FBT003  asyncpg takes arguments by place
    )
    return sorted(f"{row['who']}: {row['what']}: {row['may']}" for row in rows)


def _of_kind(table: asyncpg.Record) -> list[str]:
    name, kind = table["name"], table["kind"]
    if kind == "m":
        return [f"{name}: a materialized view knows no row-level security"]
    if kind == "f":
        return [f"{name}: a foreign table knows no row-level security"]
    if kind == "v" and "security_invoker=true" not in (table["options"] or []):
        return [f"{name}: a view without security_invoker reads as its owner"]
    if name in LARGE and kind != "p":
        return [f"{name}: grows without end and is not partitioned"]
    if kind == "p" and table["partitioned_by"] != "RANGE (id)":
        return [f"{name}: partitioned by {table['partitioned_by']}, not by RANGE (id)"]
    return []


def _of_tenant_table(
    table: asyncpg.Record, policies: Sequence[asyncpg.Record], unique: Sequence[asyncpg.Record]
) -> list[str]:
    name, broken = table["name"], []
    if table["tenant_column"] != "uuid not null":
        broken.append(f"{name}: tenant_id is {table['tenant_column'] or 'missing'}, not uuid not null")
    if not table["guarded"]:
        broken.append(f"{name}: row-level security is not enabled and forced")
    if not any(policy["command"] == "*" and not policy["roles"] for policy in policies):
        broken.append(f"{name}: no policy for everybody and every command")
    for policy in policies:
        if policy["checked"] is None:
            broken.append(f"{name}: policy {policy['name']} has no WITH CHECK")
        if (
            policy["permissive"]
            and not policy["roles"]
            and (policy["using"], policy["checked"]) != (OWN_TENANT, OWN_TENANT)
        ):
            broken.append(f"{name}: policy {policy['name']} does not keep to the tenant")
        if policy["permissive"] and not set(policy["roles"]) <= set(ACROSS_TENANTS):
            broken.append(f"{name}: policy {policy['name']} lets {', '.join(policy['roles'])} across tenants")
    if table["owner"] != OWNER:
        broken.append(f"{name}: belongs to {table['owner']}")
    broken += [f"{name}: {index['name']} is unique without tenant_id" for index in unique if not index["with_tenant"]]
    return broken


def _of_support(role: str, table: asyncpg.Record, policies: Sequence[asyncpg.Record]) -> list[str]:
    if role not in SUPPORT_CONDITIONS or table["name"] in TENANTLESS:
        return []
    conditions = [policy["using"] for policy in policies if not policy["permissive"] and policy["roles"] == [role]]
    return [] if SUPPORT_CONDITIONS[role] in conditions else [f"{table['name']}: {role} reads it without a session"]


def _of_partitions(tables: Iterable[asyncpg.Record]) -> list[str]:
    return [f"{row['name']}: a partition of partitions" for row in tables if row["is_partition"] and row["kind"] == "p"]


def _of_foreign_key(key: str, table: asyncpg.Record, target: asyncpg.Record, *, paired: bool) -> list[str]:
    place = f"{table['name']}: {key}"
    if target["kind"] == "p" or target["is_partition"]:
        return [f"{place} points into a partitioned table"]
    if target["name"] in REFERENCE or (target["name"] in TENANTLESS and table["name"] in TENANTLESS):
        return []
    if target["name"] in TENANTLESS:
        return [f"{place} points to a tenant-less table that is no reference table"]
    if table["name"] in TENANTLESS:
        return [f"{place} points from a tenant-less table to a tenant's"]
    return [] if paired else [f"{place} does not pair tenant_id"]


def _of_roles(roles: Sequence[asyncpg.Record], login: str) -> list[str]:
    found = {role["name"] for role in roles}
    broken = [f"{name}: no such role" for name in (*ROLES, login) if name not in found]
    for role in roles:
        name = role["name"]
        if role["mighty"]:
            broken.append(f"{name}: may do more than its grants say")
        if role["inherits"]:
            broken.append(f"{name}: inherits, so that it need not take a role")
        if role["login"] != (name == login):
            broken.append(f"{name}: {'may' if role['login'] else 'may not'} log in")
        allowed = set(ROLES) - {OWNER} if name == login else set()
        if not set(role["member_of"]) <= allowed:
            broken.append(f"{name}: may take the roles {', '.join(sorted(set(role['member_of']) - allowed))}")
    return broken


def _of_function(function: asyncpg.Record) -> list[str]:
    name = function["name"]
    if not function["definer"]:
        return []
    broken = [] if name in DEFINERS else [f"{name}: runs as its owner and is not on the list"]
    if not function["fixed"]:
        broken.append(f"{name}: runs as its owner on the caller's search_path")
    if function["for_everybody"]:
        broken.append(f"{name}: runs as its owner for everybody")
    return broken
