"""What may be sent: policy, and the fraud shield."""

from tortoise import migrations
from tortoise.migrations.operations import Operation, RunSQL

POLICY = """
SET LOCAL ROLE portal_owner;
CREATE TABLE policy_override ( -- the operator lets a tenant's sends fail a rule, for a reason and a time
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  rule text NOT NULL,
  reason text NOT NULL CHECK (reason <> ''),
  since timestamptz NOT NULL,
  until timestamptz NOT NULL CHECK (until > since),
  made_by_name text NOT NULL,
  ended_at timestamptz, -- before its time, or when another took its place
  ended_by_name text,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX policy_override_by_id ON policy_override (id);
CREATE UNIQUE INDEX policy_override_open ON policy_override (tenant_id, rule) WHERE ended_at IS NULL;
CALL guard_tenant_table('policy_override', 'SELECT');
CALL let_support_read('policy_override',
  'tenant_id, id, rule, reason, since, until, made_by_name, ended_at, ended_by_name');
CALL allow_across_tenants('policy_override', 'portal_operator', 'SELECT, INSERT, UPDATE (ended_at, ended_by_name)');
"""

SHIELD = """
ALTER TABLE alert DROP CONSTRAINT alert_kind_check,
  ADD CONSTRAINT alert_kind_check CHECK (kind IN ('USAGE_THRESHOLD', 'SPEND_CAP', 'DELIVERABILITY', 'PROVIDER_ERROR',
    'REGISTRATION', 'WEBHOOK_FAILING', 'SERVICE_LEVEL', 'MARGIN', 'FRAUD'));

CREATE TABLE traffic_window ( -- what went to numbers that begin alike in a quarter of an hour; kept for two days
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,          -- tells retention how old it is
  kind text NOT NULL CHECK (kind IN ('SMS', 'CALL', 'FORWARD')),
  country text NOT NULL,     -- '': unknown
  prefix text NOT NULL,      -- '': the whole country
  started_at timestamptz NOT NULL,
  sent bigint NOT NULL,
  answered bigint NOT NULL,  -- of these: delivered, or picked up
  strangers bigint NOT NULL, -- of these: to numbers that the tenant had nothing to do with before
  numbers bigint[] NOT NULL, -- the strangers' own, as far as they are needed
  PRIMARY KEY (tenant_id, kind, country, prefix, started_at)
);
CREATE INDEX traffic_window_by_age ON traffic_window (tenant_id, id);
CALL guard_tenant_table('traffic_window', 'SELECT, INSERT, UPDATE');
GRANT SELECT (tenant_id, id), DELETE ON traffic_window TO portal_worker;

CREATE TABLE traffic_pause ( -- what looks like fraud is stopped: of one kind, to one prefix or country
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('SMS', 'CALL', 'FORWARD')),
  country text NOT NULL,
  prefix text NOT NULL,
  reason text NOT NULL,
  paused_at timestamptz NOT NULL,
  released_at timestamptz,
  released_by_name text,
  grace_until timestamptz,   -- after the release: until when it is not paused again
  refused bigint NOT NULL DEFAULT 0,
  cost numeric NOT NULL DEFAULT 0 CHECK (cost >= 0),   -- of what was refused, by the rate card, in its currency
  cost_currency text NOT NULL,
  price numeric NOT NULL DEFAULT 0 CHECK (price >= 0), -- what that would have come to at most, in the plan's currency
  price_currency text NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX traffic_pause_open ON traffic_pause (tenant_id, kind, country, prefix) WHERE released_at IS NULL;
CALL guard_tenant_table('traffic_pause', 'SELECT, INSERT, UPDATE');
CALL let_support_read('traffic_pause', 'tenant_id, id, kind, country, prefix, reason, paused_at, released_at, '
  'released_by_name, grace_until, refused');
REVOKE SELECT ON traffic_pause FROM portal_support_content;
GRANT SELECT (tenant_id, id, kind, country, prefix, reason, paused_at, released_at, released_by_name, grace_until,
  refused) ON traffic_pause TO portal_support_content;
CALL allow_across_tenants('traffic_pause', 'portal_operator', 'SELECT');
"""


class Migration(migrations.Migration):
    """This step; Tortoise looks for this very name."""

    dependencies: list[tuple[str, str]] = [("portal", "0011_contacts")]
    operations: list[Operation] = [RunSQL([POLICY, SHIELD])]
