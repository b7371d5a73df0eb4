"""Plans, which plan a tenant has, the allowance ledger, and usage rolled up by day."""

from tortoise import migrations
from tortoise.migrations.operations import Operation, RunSQL

SQL = """
SET LOCAL ROLE portal_owner;
CREATE TABLE plan ( -- the catalogue: one row a version, never changed once published
  id uuid PRIMARY KEY,
  name text NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  state text NOT NULL CHECK (state IN ('DRAFT', 'PUBLISHED', 'RETIRED')),
  allowance_amount integer CHECK (allowance_amount >= 0), -- NULL: no limit
  allowance_unit text NOT NULL CHECK (allowance_unit IN ('MESSAGES', 'SEGMENTS')),
  allowance_per text NOT NULL CHECK (allowance_per IN ('DAY', 'MONTH')),
  at_limit text NOT NULL CHECK (at_limit IN ('STOP', 'OVERAGE', 'CREDITS')),
  created_at timestamptz NOT NULL,
  UNIQUE (name, version)
);
GRANT SELECT ON plan TO portal_app, portal_worker;
GRANT SELECT, INSERT, UPDATE ON plan TO portal_operator;

CREATE TABLE tenant_plan (
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  plan_id uuid NOT NULL REFERENCES plan (id),
  since timestamptz NOT NULL,
  until timestamptz CHECK (until > since),
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX tenant_plan_current ON tenant_plan (tenant_id) WHERE until IS NULL;
CALL guard_tenant_table('tenant_plan', 'SELECT, INSERT, UPDATE');
CALL allow_across_tenants('tenant_plan', 'portal_operator', 'SELECT, INSERT, UPDATE');

CREATE TABLE allowance_balance ( -- the ledger's running sums, one row a period: its lock makes a reservation exact
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  period_start timestamptz NOT NULL,
  period_end timestamptz NOT NULL CHECK (period_end > period_start),
  unit text NOT NULL CHECK (unit IN ('MESSAGES', 'SEGMENTS')),
  reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
  used bigint NOT NULL DEFAULT 0 CHECK (used >= 0),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, period_start, period_end, unit)
);
CALL guard_tenant_table('allowance_balance', 'SELECT, INSERT, UPDATE');

CREATE TABLE allowance_entry ( -- append-only: why the balance is what it is
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  balance_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('RESERVE', 'SETTLE', 'GIVE_BACK')),
  units bigint NOT NULL CHECK (units > 0),
  batch_id uuid NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, balance_id) REFERENCES allowance_balance (tenant_id, id)
);
CREATE INDEX allowance_entry_of_balance ON allowance_entry (tenant_id, balance_id);
CALL guard_tenant_table('allowance_entry', 'SELECT, INSERT');

CREATE TABLE usage_day ( -- written as messages are handed over: a dashboard never counts messages
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  day date NOT NULL, -- UTC
  category text NOT NULL,
  count bigint NOT NULL,
  segments bigint NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, day, category)
);
CALL guard_tenant_table('usage_day', 'SELECT, INSERT, UPDATE');
CALL allow_across_tenants('usage_day', 'portal_operator', 'SELECT');
"""


class Migration(migrations.Migration):
    """This step; Tortoise looks for this very name."""

    dependencies: list[tuple[str, str]] = [("portal", "0003_contacts_and_templates")]
    operations: list[Operation] = [RunSQL(SQL)]
