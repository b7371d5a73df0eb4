"""Support sessions and grants, what support may read in them, and the audit log with its seals."""

from tortoise import migrations
from tortoise.migrations.operations import Operation, RunSQL

SUPPORT = """
SET LOCAL ROLE portal_owner;
CREATE TABLE support_session ( -- ISV support in one tenant, for a reason and a time
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  person_id uuid NOT NULL REFERENCES person (id),
  person_name text NOT NULL,
  reason text NOT NULL CHECK (reason <> ''),
  opened_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL CHECK (expires_at > opened_at),
  closed_at timestamptz,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX support_session_of_person ON support_session (person_id) WHERE closed_at IS NULL;
CALL guard_tenant_table('support_session', 'SELECT');
CALL allow_across_tenants('support_session', 'portal_auth', 'SELECT, INSERT, UPDATE');

CREATE TABLE support_grant ( -- the tenant lets ISV support see content for a time
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  granted_by uuid NOT NULL REFERENCES person (id),
  granted_by_name text NOT NULL,
  granted_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL CHECK (expires_at > granted_at),
  revoked_at timestamptz,
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX support_grant_open ON support_grant (tenant_id) WHERE revoked_at IS NULL;
CALL guard_tenant_table('support_grant', 'SELECT, INSERT, UPDATE');
CALL allow_across_tenants('support_grant', 'portal_auth', 'SELECT');

-- The instant is passed in with the transaction, as everywhere; without it the database's clock stands in.
CREATE FUNCTION current_instant() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT coalesce(NULLIF(current_setting('app.now', true), '')::timestamptz, now()) $$;

CREATE FUNCTION support_session_open() RETURNS boolean LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM support_session WHERE tenant_id = current_tenant()
    AND id = NULLIF(current_setting('app.support_session', true), '')::uuid
    AND closed_at IS NULL AND expires_at > current_instant())
$$;
CREATE FUNCTION support_content_granted() RETURNS boolean LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT support_session_open() AND EXISTS (
    SELECT FROM support_grant WHERE tenant_id = current_tenant()
    AND revoked_at IS NULL AND expires_at > current_instant())
$$;
REVOKE ALL ON FUNCTION support_session_open(), support_content_granted() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION support_session_open(), support_content_granted() TO portal_support, portal_support_content;

-- Restrictive: it is asked besides own_tenant. In a sub-select, so that it is asked once a statement, not once a row.
CREATE PROCEDURE let_support_read(guarded regclass, without_content text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE POLICY in_support_session ON %s AS RESTRICTIVE TO portal_support '
                 'USING ((SELECT support_session_open())) WITH CHECK (false)', guarded);
  EXECUTE format('CREATE POLICY while_content_is_granted ON %s AS RESTRICTIVE TO portal_support_content '
                 'USING ((SELECT support_content_granted())) WITH CHECK (false)', guarded);
  EXECUTE format('GRANT SELECT (%s) ON %s TO portal_support', without_content, guarded);
  EXECUTE format('GRANT SELECT ON %s TO portal_support_content', guarded);
END $$;
"""

# The same rule as portal.contacts.numbers.mask_number; a test holds them together.
LOGS = """
CREATE FUNCTION mask_number(e164 text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
  $$ SELECT left(e164, 2) || repeat('•', length(e164) - 4) || right(e164, 2) $$;
ALTER TABLE message
  ADD sender_masked text GENERATED ALWAYS AS (mask_number(sender_number)) STORED,
  ADD recipient_masked text GENERATED ALWAYS AS (mask_number(recipient_number)) STORED;
ALTER TABLE message_refusal ADD number_masked text GENERATED ALWAYS AS (mask_number(number)) STORED;

CALL let_support_read('message', 'tenant_id, id, batch_id, contact_id, template_version_id, direction, channel, '
  'status, status_at, issue, sender_masked, recipient_masked, recipient_country, encoding, segments, actor_kind, '
  'actor_name, provider_reference, created_at');
CALL let_support_read('message_event', 'tenant_id, id, message_id, status, at, heard_at, source, issue');
CALL let_support_read('message_batch', 'tenant_id, id, total, accepted, actor_kind, actor_name, created_at');
CALL let_support_read('message_refusal', 'tenant_id, id, batch_id, contact_id, number_masked, code, message');
CALL let_support_read('usage_day', 'tenant_id, day, category, count, segments, updated_at');
CALL let_support_read('tenant_plan', 'tenant_id, id, plan_id, since, until');
CALL let_support_read('allowance_balance',
  'tenant_id, id, period_start, period_end, unit, reserved, used');
CALL let_support_read('number', 'tenant_id, id, number, label, created_at');
GRANT SELECT ON plan TO portal_support, portal_support_content;
CALL allow_across_tenants('tenant', 'portal_support',
  'SELECT (id, name, slug, environment, state, time_zone, created_at)');
CALL allow_across_tenants('tenant', 'portal_support_content',
  'SELECT (id, name, slug, environment, state, time_zone, created_at)');
CALL allow_across_tenants('allowance_balance', 'portal_operator', 'SELECT');
"""

AUDIT = """
CREATE TABLE audit_entry ( -- append-only: who did what, and every read of ISV support
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  at timestamptz NOT NULL,
  actor_kind text NOT NULL,
  actor_id uuid NOT NULL,
  actor_name text,              -- erased with the person
  through text,                 -- the application that acted for the person
  action text NOT NULL,
  target text,                  -- the global id of what it was done to
  changes jsonb,                -- names of fields, values masked
  request_id text NOT NULL,
  address text,
  support_session_id uuid,
  salt bytea,                   -- without it the next tells nothing: erasing it erases what it stood for
  content_digest bytea NOT NULL, -- of the salt and of what can be erased: name, changes, address
  digest bytea NOT NULL,        -- of all of the above but that; the seals are over digests
  seal_number bigint,           -- null until the next seal
  erased_at timestamptz,
  erasure_signature bytea,      -- by it a blanked entry is told from one that somebody emptied in the database
  PRIMARY KEY (tenant_id, id)
) PARTITION BY RANGE (id);
CREATE INDEX audit_entry_unsealed ON audit_entry (tenant_id) WHERE seal_number IS NULL;
CREATE INDEX audit_entry_of_session ON audit_entry (tenant_id, support_session_id)
  WHERE support_session_id IS NOT NULL;
CREATE INDEX audit_entry_of_seal ON audit_entry (tenant_id, seal_number, id);
CALL guard_tenant_table('audit_entry', 'SELECT, INSERT');
CALL allow_across_tenants('audit_entry', 'portal_auth', 'INSERT'); -- sessions of support, invitations
CALL allow_across_tenants('audit_entry', 'portal_worker', 'SELECT, DELETE');
GRANT UPDATE (seal_number, actor_name, changes, address, salt, erased_at, erasure_signature) ON audit_entry
  TO portal_worker;

CREATE TABLE audit_seal ( -- a link of the tenant's chain: its hash is over the link before it and the entries' digests
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  number bigint NOT NULL CHECK (number > 0),
  entries integer NOT NULL CHECK (entries > 0),
  previous_hash bytea NOT NULL,
  hash bytea NOT NULL,
  signature bytea NOT NULL,     -- Ed25519 under the settings' secret: who has only the database cannot make one
  sealed_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, number)
);
CALL guard_tenant_table('audit_seal', 'SELECT');
CALL allow_across_tenants('audit_seal', 'portal_worker', 'SELECT, INSERT, DELETE');

CREATE TABLE audit_checkpoint ( -- what retention leaves: where the chain goes on from, as older links were deleted
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  number bigint NOT NULL,       -- of the last link that was deleted
  hash bytea NOT NULL,
  entries bigint NOT NULL,      -- how many were deleted in all
  until timestamptz NOT NULL,   -- when the last link that was deleted was sealed
  signature bytea NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, number)
);
CALL guard_tenant_table('audit_checkpoint', 'SELECT');
GRANT SELECT, INSERT, DELETE ON audit_checkpoint TO portal_worker;

SELECT create_partitions((now() - interval '1 month')::date, (now() + interval '3 months')::date);
"""


class Migration(migrations.Migration):
    """This step; Tortoise looks for this very name."""

    dependencies: list[tuple[str, str]] = [("portal", "0006_identity")]
    operations: list[Operation] = [RunSQL([SUPPORT, LOGS, AUDIT])]
