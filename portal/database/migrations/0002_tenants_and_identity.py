"""Tenants with their provider account and numbers; people, memberships, sessions, API clients, signing keys."""

from tortoise import migrations
from tortoise.migrations.operations import Operation, RunSQL

TENANTS = """
SET LOCAL ROLE portal_owner;
CREATE TABLE tenant (
  id uuid PRIMARY KEY,
  name text NOT NULL CHECK (name <> ''),
  slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9-]+$'),
  environment text NOT NULL CHECK (environment IN ('DEVELOPMENT', 'PRODUCTION')),
  state text NOT NULL CHECK (state IN ('ONBOARDING', 'ACTIVE', 'SUSPENDED', 'CLOSED')),
  time_zone text NOT NULL,
  created_at timestamptz NOT NULL
);
ALTER TABLE tenant ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON tenant TO portal_app USING (id = current_tenant()) WITH CHECK (id = current_tenant());
GRANT SELECT ON tenant TO portal_app;
CALL allow_across_tenants('tenant', 'portal_operator', 'SELECT, INSERT, UPDATE');
CALL allow_across_tenants('tenant', 'portal_auth', 'SELECT');
CALL allow_across_tenants('tenant', 'portal_worker', 'SELECT');

CREATE TABLE provider_account ( -- the tenant's subaccount; secrets are encrypted under the key from the settings
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  account_sid text NOT NULL,
  auth_token bytea NOT NULL,
  key_sid text NOT NULL,
  key_secret bytea NOT NULL,
  messaging_service_sid text,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id)
);
CALL guard_tenant_table('provider_account', 'REFERENCES'); -- the application reads no credentials: the worker does
GRANT SELECT ON provider_account TO portal_worker;
CALL allow_across_tenants('provider_account', 'portal_operator', 'SELECT, INSERT, UPDATE');

CREATE TABLE number (
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  number text NOT NULL CHECK (number ~ '^\\+[1-9][0-9]{6,14}$'),
  label text NOT NULL,
  provider_reference text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, number)
);
CALL guard_tenant_table('number', 'SELECT');
CALL allow_across_tenants('number', 'portal_operator', 'SELECT, INSERT, UPDATE, DELETE');
"""

IDENTITY = """
CREATE TABLE person (
  id uuid PRIMARY KEY,
  email text NOT NULL CHECK (email = lower(email)),
  name text NOT NULL,
  password_hash text,
  staff_role text CHECK (staff_role IN ('ISV_SUPPORT', 'ISV_OPERATOR')),
  locale text NOT NULL DEFAULT 'en',
  time_zone text NOT NULL DEFAULT 'UTC',
  disabled_at timestamptz,
  created_at timestamptz NOT NULL,
  UNIQUE (email)
);
GRANT SELECT, INSERT, UPDATE ON person TO portal_auth;

CREATE TABLE membership (
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  person_id uuid NOT NULL REFERENCES person (id),
  role text NOT NULL CHECK (role IN ('OWNER', 'ADMINISTRATOR', 'DEVELOPER', 'BILLING_MANAGER', 'SUPPORT')),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, person_id)
);
CREATE UNIQUE INDEX membership_one_owner ON membership (tenant_id) WHERE role = 'OWNER';
CREATE INDEX membership_of_person ON membership (person_id);
CALL guard_tenant_table('membership', 'SELECT, INSERT, UPDATE, DELETE');
CALL allow_across_tenants('membership', 'portal_auth', 'SELECT, INSERT');

CREATE TABLE session ( -- the cookie holds the secret, this row its SHA-256
  secret_hash bytea PRIMARY KEY,
  person_id uuid NOT NULL REFERENCES person (id),
  tenant_id uuid REFERENCES tenant (id),
  created_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  ended_at timestamptz
);
CREATE INDEX session_of_person ON session (person_id) WHERE ended_at IS NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON session TO portal_auth;

CREATE TABLE api_client (
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  client_id text NOT NULL,
  name text NOT NULL,
  scopes text[] NOT NULL,
  created_by uuid REFERENCES person (id),
  created_at timestamptz NOT NULL,
  disabled_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, client_id)
);
CALL guard_tenant_table('api_client', 'SELECT, INSERT, UPDATE');
CALL allow_across_tenants('api_client', 'portal_auth', 'SELECT, INSERT');

CREATE TABLE api_client_secret ( -- 256 random bits each, so a plain SHA-256 is enough
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  api_client_id uuid NOT NULL,
  secret_hash bytea NOT NULL,
  hint text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, api_client_id) REFERENCES api_client (tenant_id, id)
);
CALL guard_tenant_table('api_client_secret', 'SELECT, INSERT, UPDATE');
CALL allow_across_tenants('api_client_secret', 'portal_auth', 'SELECT, INSERT');

CREATE TABLE api_client_lookup ( -- the token endpoint knows a client's name before it knows the tenant
  client_id text PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  api_client_id uuid NOT NULL
);
GRANT SELECT, INSERT ON api_client_lookup TO portal_auth;

CREATE TABLE signing_key (
  kid text PRIMARY KEY,
  public_jwk jsonb NOT NULL,
  private_key bytea NOT NULL, -- encrypted under the key from the settings
  created_at timestamptz NOT NULL,
  retired_at timestamptz
);
GRANT SELECT, INSERT, UPDATE ON signing_key TO portal_auth;
"""


class Migration(migrations.Migration):
    """This step; Tortoise looks for this very name."""

    dependencies: list[tuple[str, str]] = [("portal", "0001_roles_and_rules")]
    operations: list[Operation] = [RunSQL([TENANTS, IDENTITY])]
