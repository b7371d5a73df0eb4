"""What comes back: webhooks of all kinds, conversations, calls, alerts, settings, and webhooks to integrators."""

from tortoise import migrations
from tortoise.migrations.operations import Operation, RunSQL

INBOX = """
SET LOCAL ROLE portal_owner;
ALTER TABLE callback_inbox
  ADD kind text NOT NULL DEFAULT 'MESSAGE_STATUS' CHECK (kind IN (
    'MESSAGE_STATUS', 'MESSAGE_RECEIVED', 'CALL_STATUS', 'DEBUGGER', 'USAGE_TRIGGER', 'TRUST_HUB', 'EVENT_STREAM')),
  ADD token text, -- the provider's I-Twilio-Idempotency-Token: the same on each of its own repeats
  ADD attempts smallint NOT NULL DEFAULT 0, -- of one that could not be applied
  ADD retry_at timestamptz,                 -- when it is tried again
  ADD problem text,                         -- what stopped it
  ALTER message_id DROP NOT NULL; -- what the address names, where it names a message
ALTER TABLE callback_inbox ALTER kind DROP DEFAULT;
GRANT SELECT, DELETE ON callback_inbox TO portal_worker;

CREATE TABLE provider_event ( -- what the provider told of registrations, kept for the onboarding
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  provider_id text NOT NULL, -- the event's own id, or what stands for it: heard twice it is one
  type text NOT NULL,
  data jsonb NOT NULL,
  at timestamptz NOT NULL,
  heard_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, provider_id)
);
CALL guard_tenant_table('provider_event', 'SELECT, INSERT');

ALTER TABLE provider_account -- while one token replaces the other, callbacks signed with either are genuine
  ADD previous_auth_token bytea,
  ADD previous_until timestamptz,
  ADD CHECK ((previous_auth_token IS NULL) = (previous_until IS NULL));

CREATE TABLE tenant_settings (
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  help_text text NOT NULL CHECK (help_text <> ''),
  stop_text text NOT NULL CHECK (stop_text <> ''),
  start_text text NOT NULL CHECK (start_text <> ''),
  callback_days integer NOT NULL CHECK (callback_days BETWEEN 1 AND 400), -- how long raw callbacks are kept
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id)
);
CALL guard_tenant_table('tenant_settings', 'SELECT, INSERT, UPDATE');
CALL let_support_read('tenant_settings', 'tenant_id, id, help_text, stop_text, start_text, callback_days, updated_at');
GRANT SELECT (tenant_id, callback_days) ON tenant_settings TO portal_worker;
GRANT SELECT (tenant_id, id), DELETE ON idempotency_key TO portal_worker;

ALTER TABLE invitation ADD mailed_at timestamptz[] NOT NULL DEFAULT '{}'; -- each of its mails, for their bound a day
"""

MESSAGES = """
ALTER TABLE message
  ADD media_count integer NOT NULL DEFAULT 0 CHECK (media_count >= 0),
  ADD keyword text CHECK (keyword IN ('STOP', 'START', 'HELP')), -- what it asks for, or answers
  ADD ask_at timestamptz,                 -- when the sweep asks what became of it; null: nobody will, or need not
  ADD asked integer NOT NULL DEFAULT 0;   -- how often it did
GRANT SELECT (media_count, keyword, ask_at) ON message TO portal_support;
CREATE INDEX message_silent ON message (tenant_id, ask_at) WHERE ask_at IS NOT NULL;
CALL allow_across_tenants('message', 'portal_worker', 'SELECT (tenant_id, ask_at)');
-- A conversation's messages, in both directions; the expression is portal.conversations.reading's.
CREATE INDEX message_of_counterpart ON message
  (tenant_id, (CASE direction WHEN 'INBOUND' THEN sender_number ELSE recipient_number END), id);

CREATE TABLE conversation ( -- somebody who wrote to the tenant, known or not; made by the first inbound message
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  number text NOT NULL CHECK (number ~ '^\\+?[0-9]{3,15}$'), -- E.164, or a short code
  number_masked text GENERATED ALWAYS AS (mask_number(number)) STORED,
  last_message_id uuid NOT NULL,
  last_received_at timestamptz NOT NULL,
  unread integer NOT NULL CHECK (unread >= 0),
  read_at timestamptz,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, number)
);
CREATE INDEX conversation_by_time ON conversation (tenant_id, last_received_at, id);
CALL guard_tenant_table('conversation', 'SELECT, INSERT, UPDATE');
CALL let_support_read('conversation',
  'tenant_id, id, number_masked, last_message_id, last_received_at, unread, read_at, created_at');

GRANT DELETE ON suppression TO portal_app; -- only the recipient's own START takes a number off the list
ALTER TABLE suppression ADD number_masked text GENERATED ALWAYS AS (mask_number(number)) STORED;

ALTER TABLE usage_day RENAME segments TO usage; -- of calls it counts minutes

CREATE TABLE call (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  direction text NOT NULL CHECK (direction IN ('OUTBOUND', 'INBOUND')),
  status text NOT NULL CHECK (status IN (
    'QUEUED', 'RINGING', 'IN_PROGRESS', 'COMPLETED', 'BUSY', 'NO_ANSWER', 'FAILED', 'CANCELED')),
  status_at timestamptz NOT NULL,
  sender_number text NOT NULL,
  sender_masked text GENERATED ALWAYS AS (mask_number(sender_number)) STORED,
  recipient_number text NOT NULL,
  recipient_masked text GENERATED ALWAYS AS (mask_number(recipient_number)) STORED,
  recipient_country text,
  duration_seconds integer CHECK (duration_seconds >= 0),
  started_at timestamptz,
  provider_reference text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
) PARTITION BY RANGE (id);
CREATE INDEX call_by_reference ON call (tenant_id, provider_reference);
CALL guard_tenant_table('call', 'SELECT, INSERT, UPDATE');
CALL let_support_read('call', 'tenant_id, id, direction, status, status_at, sender_masked, recipient_masked, '
  'recipient_country, duration_seconds, started_at, provider_reference, created_at');

CREATE TABLE sweep ( -- how far the provider's log has been read for what was missed
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  read_until timestamptz NOT NULL,
  swept_at timestamptz NOT NULL,
  repaired integer NOT NULL CHECK (repaired >= 0), -- by the last sweep
  received integer NOT NULL CHECK (received >= 0),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id)
);
CALL guard_tenant_table('sweep', 'SELECT, INSERT, UPDATE');
CALL allow_across_tenants('sweep', 'portal_worker', 'SELECT');
"""

ALERTS = """
CREATE TABLE alert ( -- what is wrong, grouped: one open alert of each kind and code
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('USAGE_THRESHOLD', 'SPEND_CAP', 'DELIVERABILITY', 'PROVIDER_ERROR',
    'REGISTRATION', 'WEBHOOK_FAILING', 'SERVICE_LEVEL', 'MARGIN')),
  code text NOT NULL,
  count integer NOT NULL CHECK (count > 0),
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  acknowledged_at timestamptz,
  acknowledged_by_kind text,
  acknowledged_by_name text,
  told_at timestamptz,     -- when it was told of; null as long as it is muted
  mail_due_at timestamptz, -- when members are to be mailed of it; null: nobody is, or they have been
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX alert_open ON alert (tenant_id, kind, code) WHERE acknowledged_at IS NULL;
CREATE INDEX alert_by_time ON alert (tenant_id, last_at, id);
CREATE INDEX alert_mail_due ON alert (mail_due_at) WHERE mail_due_at IS NOT NULL;
CALL guard_tenant_table('alert', 'SELECT, INSERT, UPDATE');
CALL let_support_read('alert', 'tenant_id, id, kind, code, count, first_at, last_at, acknowledged_at, '
  'acknowledged_by_kind, acknowledged_by_name');
CALL allow_across_tenants('alert', 'portal_operator', 'SELECT');
CALL allow_across_tenants('alert', 'portal_worker', 'SELECT (tenant_id, mail_due_at)');

CREATE TABLE alert_occurrence (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  alert_id uuid NOT NULL,
  at timestamptz NOT NULL,
  message_id uuid,      -- no foreign key: messages are partitioned
  reference text,       -- the provider's error number, for ISV support alone
  event text NOT NULL,  -- what it is known by: the provider's id of the event, or what failed; heard twice it is one
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, event),
  FOREIGN KEY (tenant_id, alert_id) REFERENCES alert (tenant_id, id)
);
CREATE INDEX alert_occurrence_of_alert ON alert_occurrence (tenant_id, alert_id, message_id);
CALL guard_tenant_table('alert_occurrence', 'SELECT, INSERT');
CALL let_support_read('alert_occurrence', 'tenant_id, id, alert_id, at, message_id, reference, event');
GRANT SELECT (tenant_id, id), DELETE ON alert_occurrence TO portal_worker;

CREATE TABLE alert_rule ( -- where alerts of a kind go; without a row to the page alone
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  kind text NOT NULL,
  channels text[] NOT NULL CHECK (channels <@ ARRAY['PAGE', 'EMAIL', 'WEBHOOK']),
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, kind)
);
CALL guard_tenant_table('alert_rule', 'SELECT, INSERT, UPDATE');
CALL let_support_read('alert_rule', 'tenant_id, id, kind, channels, updated_at');

CREATE TABLE alert_mute ( -- alerts of this kind and code are counted and not told, for a time
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  kind text NOT NULL,
  code text NOT NULL,
  until timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, kind, code)
);
CALL guard_tenant_table('alert_mute', 'SELECT, INSERT, UPDATE');
CALL let_support_read('alert_mute', 'tenant_id, id, kind, code, until');
CALL allow_across_tenants('alert_mute', 'portal_operator', 'SELECT');
"""

WEBHOOKS = """
ALTER TABLE allowance_balance -- the percentage of the limit that was told of last: each once in a period
  ADD told_percent smallint NOT NULL DEFAULT 0;

CREATE TABLE webhook_endpoint ( -- where an integrator wants events
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  url text NOT NULL,
  description text,
  events text[] NOT NULL CHECK (cardinality(events) > 0),
  set_by uuid NOT NULL REFERENCES person (id), -- events go out under what this person's role may see now
  set_by_name text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  failing_since timestamptz,
  disabled_at timestamptz,
  disabled_reason text CHECK (disabled_reason IN ('BY_HAND', 'GONE', 'FAILING')),
  PRIMARY KEY (tenant_id, id),
  CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL))
);
CALL guard_tenant_table('webhook_endpoint', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE webhook_secret ( -- encrypted under the key from the settings; while one replaces the other both sign
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  secret bytea NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoint (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX webhook_secret_of_endpoint ON webhook_secret (tenant_id, endpoint_id);
CALL guard_tenant_table('webhook_secret', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE webhook_event ( -- what happened, as it is told; written with what it tells of
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  type text NOT NULL,
  data jsonb NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
) PARTITION BY RANGE (id);
CALL guard_tenant_table('webhook_event', 'SELECT, INSERT');
GRANT SELECT (tenant_id, id), DELETE ON webhook_event TO portal_worker;

CREATE TABLE webhook_delivery ( -- an event on its way to an endpoint, and what the endpoint answered last
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  event_id uuid NOT NULL,
  event_type text NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  due_at timestamptz,          -- when it is tried; while it is under way, when its lease ends; null: over
  first_tried_at timestamptz,
  last_tried_at timestamptz,
  last_status integer,         -- the HTTP status of the last answer
  last_problem text,           -- why there was none
  response text,               -- the beginning of the last answer
  delivered_at timestamptz,
  failed_at timestamptz,       -- given up
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
) PARTITION BY RANGE (id);
CREATE INDEX webhook_delivery_due ON webhook_delivery (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX webhook_delivery_waiting ON webhook_delivery (tenant_id, endpoint_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX webhook_delivery_of_endpoint ON webhook_delivery (tenant_id, endpoint_id, id);
CALL guard_tenant_table('webhook_delivery', 'SELECT, INSERT, UPDATE');
CALL allow_across_tenants('webhook_delivery', 'portal_worker', 'SELECT (tenant_id, endpoint_id, due_at)');
GRANT SELECT (tenant_id, id), DELETE ON webhook_delivery TO portal_worker;

SELECT create_partitions((now() - interval '1 month')::date, (now() + interval '3 months')::date);
"""


class Migration(migrations.Migration):
    """This step; Tortoise looks for this very name."""

    dependencies: list[tuple[str, str]] = [("portal", "0007_support_and_audit")]
    operations: list[Operation] = [RunSQL([INBOX, MESSAGES, ALERTS, WEBHOOKS])]
