"""Batches, messages, their events, refusals, due work, the inbox of callbacks, and idempotency keys."""

from tortoise import migrations
from tortoise.migrations.operations import Operation, RunSQL

STATUSES = (
    "'SCHEDULED', 'QUEUED', 'SENDING', 'CONFIRMING', 'SENT', 'DELIVERED', 'READ', 'UNDELIVERED', 'FAILED', "
    "'CANCELED', 'EXPIRED', 'RECEIVED'"
)

BATCHES = """
SET LOCAL ROLE portal_owner;
CREATE TABLE message_batch (
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  template_version_id uuid,
  total integer NOT NULL CHECK (total > 0),
  accepted integer NOT NULL CHECK (accepted BETWEEN 0 AND total),
  actor_kind text NOT NULL,
  actor_id uuid NOT NULL,
  actor_name text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, template_version_id) REFERENCES template_version (tenant_id, id)
);
CALL guard_tenant_table('message_batch', 'SELECT, INSERT');

CREATE TABLE message_refusal ( -- a recipient that was not accepted, and why; it cost nothing
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  batch_id uuid NOT NULL,
  contact_id uuid, -- no foreign key: a contact may be deleted, the refusal stays
  number text,
  code text NOT NULL,
  message text NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, batch_id) REFERENCES message_batch (tenant_id, id)
);
CREATE INDEX message_refusal_of_batch ON message_refusal (tenant_id, batch_id, id);
CALL guard_tenant_table('message_refusal', 'SELECT, INSERT');

CREATE TABLE idempotency_key (
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  operation text NOT NULL,
  principal text NOT NULL,
  key text NOT NULL,
  request_hash bytea NOT NULL,
  result_id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, operation, principal, key)
);
CALL guard_tenant_table('idempotency_key', 'SELECT, INSERT, DELETE');
"""

MESSAGES = f"""
CREATE TABLE message (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  batch_id uuid,
  contact_id uuid,
  template_version_id uuid,
  direction text NOT NULL CHECK (direction IN ('OUTBOUND', 'INBOUND')),
  channel text NOT NULL CHECK (channel IN ('SMS', 'MMS')),
  status text NOT NULL CHECK (status IN ({STATUSES})),
  status_at timestamptz NOT NULL,
  issue text,
  sender_number text,
  recipient_number text NOT NULL,
  recipient_country text,
  body text,
  encoding text NOT NULL CHECK (encoding IN ('GSM_7', 'UCS_2')),
  segments integer NOT NULL CHECK (segments > 0),
  actor_kind text,
  actor_name text,
  provider_reference text,
  balance_id uuid,               -- the allowance period that the reservation was made in
  reserved_units integer NOT NULL DEFAULT 0 CHECK (reserved_units >= 0), -- 0 once settled or given back
  due_at timestamptz,            -- when a worker has to look at it; while it is being sent, when its lease ends
  attempts integer NOT NULL DEFAULT 0,
  first_tried_at timestamptz,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
) PARTITION BY RANGE (id);
CREATE INDEX message_due ON message (tenant_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX message_of_batch ON message (tenant_id, batch_id, id);
CREATE INDEX message_of_contact ON message (tenant_id, contact_id, id);
CREATE INDEX message_by_status ON message (tenant_id, status, id);
CREATE INDEX message_by_reference ON message (tenant_id, provider_reference) WHERE provider_reference IS NOT NULL;
CALL guard_tenant_table('message', 'SELECT, INSERT, UPDATE');

CREATE TABLE message_event ( -- append-only: the timeline
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  message_id uuid NOT NULL,
  status text NOT NULL CHECK (status IN ({STATUSES})),
  at timestamptz NOT NULL,       -- when it happened, as far as the provider says
  heard_at timestamptz NOT NULL, -- when the portal learnt of it
  source text NOT NULL CHECK (source IN ('PORTAL', 'PROVIDER_ANSWER', 'CALLBACK', 'SWEEP')),
  issue text,
  PRIMARY KEY (tenant_id, id)
) PARTITION BY RANGE (id);
CREATE INDEX message_event_of_message ON message_event (tenant_id, message_id, id);
CALL guard_tenant_table('message_event', 'SELECT, INSERT');
"""

WORK = """
CREATE TABLE due_tenant ( -- which tenants have work: small and local, so that nobody scans all messages for it
  tenant_id uuid PRIMARY KEY,
  due_at timestamptz NOT NULL
);
CREATE INDEX due_tenant_by_time ON due_tenant (due_at);
CALL guard_tenant_table('due_tenant', 'SELECT, INSERT, UPDATE, DELETE');
CALL allow_across_tenants('due_tenant', 'portal_worker', 'SELECT');

CREATE TABLE callback_inbox ( -- what the provider called back, raw: committed before it is answered, applied later
  id uuid NOT NULL,
  tenant_id uuid NOT NULL,
  message_id uuid NOT NULL,
  fields jsonb NOT NULL,
  received_at timestamptz NOT NULL,
  applied_at timestamptz,
  PRIMARY KEY (id)
) PARTITION BY RANGE (id);
CREATE INDEX callback_inbox_waiting ON callback_inbox (tenant_id, id) WHERE applied_at IS NULL;
CALL guard_tenant_table('callback_inbox', 'SELECT, UPDATE');
CALL allow_across_tenants('callback_inbox', 'portal_worker', 'SELECT, INSERT');

SELECT create_partitions((now() - interval '1 month')::date, (now() + interval '3 months')::date);
"""


class Migration(migrations.Migration):
    """This step; Tortoise looks for this very name."""

    dependencies: list[tuple[str, str]] = [("portal", "0004_plans_and_usage")]
    operations: list[Operation] = [RunSQL([BATCHES, MESSAGES, WORK])]
