"""Sending: whom, when, and how fast."""

from tortoise import migrations
from tortoise.migrations.operations import Operation, RunSQL

RECIPIENTS = """
SET LOCAL ROLE portal_owner;
ALTER TABLE message_refusal ADD place text NOT NULL DEFAULT ''; -- where among the recipients of the input: numbers.3
GRANT SELECT (place) ON message_refusal TO portal_support;
"""

PACE = """
SET LOCAL ROLE portal_owner;
ALTER TABLE number
  ADD segments_per_second numeric(8, 3) CHECK (segments_per_second > 0), -- as registered; NULL: what its kind may
  ADD segments_per_day integer CHECK (segments_per_day > 0);             -- the carriers' cap, in UTC; NULL: none
GRANT SELECT (segments_per_second, segments_per_day) ON number TO portal_support;

CREATE TABLE tenant_pace ( -- a token bucket of messages, changed by whoever holds the row of due_tenant
  tenant_id uuid PRIMARY KEY,
  tokens numeric NOT NULL,         -- at `counted_at`
  counted_at timestamptz NOT NULL,
  ready_at timestamptz,            -- before it there is nothing to take; NULL: there is
  slowed integer NOT NULL DEFAULT 0 CHECK (slowed >= 0), -- bursts of refusals without one that went well in between
  slowed_until timestamptz         -- before it the provider is asked for nothing
);
CALL guard_tenant_table('tenant_pace', 'SELECT, INSERT, UPDATE');
CALL let_support_read('tenant_pace', 'tenant_id, tokens, counted_at, slowed, slowed_until');

CREATE TABLE sender_pace ( -- a token bucket of segments, and what left on its day
  tenant_id uuid NOT NULL,
  sender_number text NOT NULL,
  tokens numeric NOT NULL,
  counted_at timestamptz NOT NULL,
  ready_at timestamptz,
  day date NOT NULL,
  day_segments integer NOT NULL CHECK (day_segments >= 0),
  PRIMARY KEY (tenant_id, sender_number)
);
CALL guard_tenant_table('sender_pace', 'SELECT, INSERT, UPDATE');

CREATE TABLE throttling ( -- how often the provider wanted it slower, by the minute; of the last hour
  tenant_id uuid NOT NULL,
  minute timestamptz NOT NULL,
  count integer NOT NULL CHECK (count > 0),
  PRIMARY KEY (tenant_id, minute)
);
CALL guard_tenant_table('throttling', 'SELECT, INSERT, UPDATE, DELETE');
CALL let_support_read('throttling', 'tenant_id, minute, count');
GRANT SELECT (due_at) ON message TO portal_support, portal_support_content; -- to count what waits

-- What waits is found by its sender, since each has a pace of its own; what is under way, by its lease.
DROP INDEX message_due;
CREATE INDEX message_waiting ON message (tenant_id, sender_number, due_at, id) INCLUDE (segments)
  WHERE status = 'QUEUED' AND due_at IS NOT NULL;
CREATE INDEX message_under_way ON message (tenant_id, due_at, id) INCLUDE (status)
  WHERE status IN ('SENDING', 'CONFIRMING') AND due_at IS NOT NULL;
ALTER TABLE message ADD CONSTRAINT message_waits_at_a_sender CHECK (status <> 'QUEUED' OR sender_number IS NOT NULL);

-- What was scheduled waits from when its time came on, not from when it was made: ten hours later it is given up.
ALTER TABLE message ADD queued_at timestamptz; -- NULL: since it was made
CREATE FUNCTION note_queued() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.queued_at := NEW.status_at; RETURN NEW; END $$;
CREATE TRIGGER note_queued BEFORE UPDATE OF status ON message FOR EACH ROW
  WHEN (OLD.status = 'SCHEDULED' AND NEW.status = 'QUEUED') EXECUTE FUNCTION note_queued();
"""

SCHEDULES = """
SET LOCAL ROLE portal_owner;
ALTER TABLE message
  ADD scheduled_at timestamptz, -- when it is to be sent: as asked for, or once its recipient's quiet hours are over
  ADD respects_quiet_hours boolean NOT NULL DEFAULT false,
  ADD CONSTRAINT message_scheduled_check -- nothing is reserved before its time has come
    CHECK (status <> 'SCHEDULED' OR (scheduled_at IS NOT NULL AND reserved_units = 0 AND due_at IS NULL));
CREATE INDEX message_scheduled ON message (scheduled_at, tenant_id) WHERE status = 'SCHEDULED';
GRANT SELECT (scheduled_at) ON message TO portal_support, portal_support_content;
GRANT SELECT (status, scheduled_at) ON message TO portal_worker;
ALTER TABLE message_batch ADD topic text; -- what it is about, as its sender said
ALTER TABLE tenant_settings
  ADD quiet_from time, -- in the time zone of the recipient's number
  ADD quiet_until time,
  ADD CHECK ((quiet_from IS NULL) = (quiet_until IS NULL));
GRANT SELECT (quiet_from, quiet_until) ON tenant_settings TO portal_support, portal_support_content;
"""

TEMPLATES = """
SET LOCAL ROLE portal_owner;
ALTER TABLE template
  ADD topic text, -- what it is about, where a send with it does not say otherwise
  ADD kind text NOT NULL DEFAULT 'TEXT' CHECK (kind IN ('TEXT', 'CONTENT'));

CREATE TABLE template_content ( -- a version of a CONTENT template at the provider
  tenant_id uuid NOT NULL,
  version_id uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('PUBLISHING', 'READY', 'FAILED', 'WITHDRAWN')),
  state_at timestamptz NOT NULL,
  provider_reference text,
  error text, -- the provider's number of the reason
  due_at timestamptz, -- when a worker looks at it; while one does, when its lease ends; NULL: nothing is to be done
  attempts integer NOT NULL DEFAULT 0, -- since it came into its state
  PRIMARY KEY (tenant_id, version_id),
  FOREIGN KEY (tenant_id, version_id) REFERENCES template_version (tenant_id, id),
  CHECK (state <> 'READY' OR provider_reference IS NOT NULL),
  CHECK (state <> 'PUBLISHING' OR due_at IS NOT NULL)
);
CREATE INDEX template_content_due ON template_content (due_at) WHERE due_at IS NOT NULL;
CALL guard_tenant_table('template_content', 'SELECT, INSERT, UPDATE');
CALL allow_across_tenants('template_content', 'portal_worker', 'SELECT (tenant_id, due_at)');
ALTER TABLE message ADD content_variables jsonb; -- what fills its content at the provider; NULL: it is a text
"""


class Migration(migrations.Migration):
    """This step; Tortoise looks for this very name."""

    dependencies: list[tuple[str, str]] = [("portal", "0009_money")]
    operations: list[Operation] = [RunSQL([RECIPIENTS, PACE, SCHEDULES, TEMPLATES])]
