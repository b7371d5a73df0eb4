"""Contacts: tags, consent, preferences, imports, erasure."""

from tortoise import migrations
from tortoise.migrations.operations import Operation, RunSQL

TAGS = """
SET LOCAL ROLE portal_owner;
CREATE TABLE contact_tag (
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  name text NOT NULL CHECK (name <> ''),
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX contact_tag_name ON contact_tag (tenant_id, lower(name));
CALL guard_tenant_table('contact_tag', 'SELECT, INSERT, UPDATE (name), DELETE');

CREATE TABLE contact_tagging ( -- which contact has which tag
  tenant_id uuid NOT NULL,
  contact_id uuid NOT NULL,
  tag_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, contact_id, tag_id),
  FOREIGN KEY (tenant_id, contact_id) REFERENCES contact (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, tag_id) REFERENCES contact_tag (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX contact_tagging_of_tag ON contact_tagging (tenant_id, tag_id, contact_id);
CALL guard_tenant_table('contact_tagging', 'SELECT, INSERT, DELETE');
ALTER TABLE contact ADD former_numbers text[] NOT NULL DEFAULT '{}'; -- of those who were merged into it
CREATE INDEX contact_by_country ON contact (tenant_id, country, id);
"""

CONSUMERS = """
CREATE TABLE consumer ( -- who has a number, contact or not: what they agreed to, how to reach them, their line
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  number text NOT NULL,
  consent text NOT NULL DEFAULT 'UNKNOWN' CHECK (consent IN ('GIVEN', 'WITHDRAWN', 'UNKNOWN')),
  consent_source text,
  consent_at timestamptz,
  consent_own boolean NOT NULL DEFAULT false, -- said by themselves, not by the tenant of them
  channel text CHECK (channel IN ('SMS', 'VOICE', 'NONE')), -- null: they have not chosen
  declined_topics text[] NOT NULL DEFAULT '{}',
  quiet_from time, -- in the time zone of the number
  quiet_until time,
  line text CHECK (line IN ('MOBILE', 'LANDLINE', 'VOIP', 'TOLL_FREE', 'UNKNOWN')),
  line_valid boolean, -- whether anybody can have the number
  line_country text,
  looked_up_at timestamptz,
  PRIMARY KEY (tenant_id, number),
  CHECK ((quiet_from IS NULL) = (quiet_until IS NULL)),
  CHECK ((looked_up_at IS NULL) = (line IS NULL) AND (looked_up_at IS NULL) = (line_valid IS NULL)),
  CHECK ((consent = 'UNKNOWN') OR (consent_at IS NOT NULL AND consent_source IS NOT NULL))
);
CREATE INDEX consumer_by_consent ON consumer (tenant_id, consent, number) WHERE consent <> 'UNKNOWN';
CALL guard_tenant_table('consumer', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE contact_consent ( -- append-only: the evidence of what a consumer agreed to, refused and chose
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  number text NOT NULL,
  status text NOT NULL CHECK (status IN ('GIVEN', 'WITHDRAWN', 'UNKNOWN')),
  source text NOT NULL CHECK (source <> ''), -- how
  shown text,            -- the text that they saw
  choices jsonb,         -- channel, topics and quiet hours, where they chose them
  actor_kind text NOT NULL,
  actor_name text NOT NULL,
  address_masked text,
  at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX contact_consent_of_number ON contact_consent (tenant_id, number, id);
CALL guard_tenant_table('contact_consent', 'SELECT, INSERT');

CREATE TABLE number_lookup ( -- asking the provider about a number, the last time; the answer is its consumer's
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  number text NOT NULL,
  state text NOT NULL CHECK (state IN ('WAITING', 'DONE', 'FAILED')),
  price numeric NOT NULL, -- what is reserved for it; in the currency of its balance
  spend_id uuid, -- the balance that it is reserved in; null: nothing is
  due_at timestamptz, -- when a worker asks; while one does, when its lease ends; null: over
  attempts integer NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, number),
  CHECK ((state = 'WAITING') = (due_at IS NOT NULL) AND (state = 'WAITING' OR spend_id IS NULL))
);
CREATE INDEX number_lookup_due ON number_lookup (due_at) WHERE due_at IS NOT NULL;
CALL guard_tenant_table('number_lookup', 'SELECT, INSERT, UPDATE, DELETE');
CALL allow_across_tenants('number_lookup', 'portal_worker', 'SELECT (tenant_id, id, due_at), DELETE');

ALTER TABLE suppression DROP CONSTRAINT suppression_source_check,
  ADD CHECK (source IN ('STOP', 'CARRIER', 'IMPORT', 'MANUAL', 'PREFERENCE'));
ALTER TABLE tenant_settings ADD topics text[] NOT NULL DEFAULT '{}'; -- what a consumer can choose among
GRANT SELECT (topics) ON tenant_settings TO portal_support;
"""

ERASURES = """
CREATE TABLE contact_erasure ( -- erasing a person here and at the provider; what stays is a receipt that names nobody
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('WAITING', 'DONE')),
  contact_id uuid, -- with the numbers whom it is about, until it is done
  numbers text[] NOT NULL,
  actor_kind text NOT NULL,
  actor_name text NOT NULL,
  erased jsonb NOT NULL DEFAULT '{}', -- how many of what
  waits_for text CHECK (waits_for IN ('IN_FLIGHT', 'CARRIER')),
  requested_at timestamptz NOT NULL,
  erased_here_at timestamptz,
  erased_there_at timestamptz, -- at the provider
  digest bytea, -- SHA-256 of the receipt
  due_at timestamptz, -- when a worker goes on with it; while one does, when its lease ends; null: done
  attempts integer NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, id),
  CHECK ((state = 'DONE') = (digest IS NOT NULL AND numbers = '{}' AND contact_id IS NULL AND due_at IS NULL))
);
CREATE INDEX contact_erasure_due ON contact_erasure (due_at) WHERE due_at IS NOT NULL;
CALL guard_tenant_table('contact_erasure', 'SELECT, INSERT, UPDATE');
CALL allow_across_tenants('contact_erasure', 'portal_worker', 'SELECT (tenant_id, due_at)');
GRANT UPDATE (contact_id, number) ON message_refusal TO portal_app;
GRANT UPDATE (request_hash) ON idempotency_key TO portal_app;
GRANT DELETE ON conversation TO portal_app;
GRANT SELECT (tenant_id, number), DELETE ON contact_consent TO portal_worker;
GRANT SELECT (event_id) ON webhook_delivery TO portal_worker;
"""

IMPORTS = """
CREATE TABLE upload ( -- a file that is handed in: its address is good once, and for a short time
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  purpose text NOT NULL CHECK (purpose IN ('CONTACTS', 'SUPPRESSIONS')),
  name text NOT NULL,
  size bigint NOT NULL CHECK (size > 0), -- bytes, as was said before it came
  created_at timestamptz NOT NULL,
  put_until timestamptz NOT NULL,
  put_at timestamptz,    -- when it began to come
  stored_at timestamptz, -- when all of it had come
  delete_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX upload_to_delete ON upload (delete_at);
CALL guard_tenant_table('upload', 'SELECT, INSERT, UPDATE (put_at, stored_at, delete_at), DELETE');
CALL allow_across_tenants('upload', 'portal_worker', 'SELECT (tenant_id, id, delete_at)');

CREATE TABLE contact_import ( -- bringing a file in: what was asked for, and how far it is
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  purpose text NOT NULL CHECK (purpose IN ('CONTACTS', 'SUPPRESSIONS')),
  upload_id uuid NOT NULL, -- no foreign key: the file goes, what became of it stays
  file_name text NOT NULL,
  file_size bigint NOT NULL,
  dry_run boolean NOT NULL,
  options jsonb NOT NULL,  -- what columns become, tags for all, what happens to contacts that are there
  state text NOT NULL CHECK (state IN ('WAITING', 'RUNNING', 'DONE', 'FAILED', 'CANCELED')),
  rows integer NOT NULL CHECK (rows > 0),
  rows_done integer NOT NULL DEFAULT 0,
  created integer NOT NULL DEFAULT 0,
  updated integer NOT NULL DEFAULT 0,
  skipped integer NOT NULL DEFAULT 0,
  refused integer NOT NULL DEFAULT 0,
  problems integer NOT NULL DEFAULT 0,
  actor_kind text NOT NULL,
  actor_id uuid NOT NULL,
  actor_name text NOT NULL,
  requested_at timestamptz NOT NULL,
  due_at timestamptz, -- when a worker goes on with it; while one does, when its lease ends; null: over
  attempts integer NOT NULL DEFAULT 0, -- since the last batch
  finished_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  CHECK (created + updated + skipped + refused = rows_done AND rows_done <= rows)
);
CREATE INDEX contact_import_due ON contact_import (due_at) WHERE due_at IS NOT NULL;
CALL guard_tenant_table('contact_import', 'SELECT, INSERT, UPDATE');
CALL allow_across_tenants('contact_import', 'portal_worker', 'SELECT (tenant_id, id, state, due_at), DELETE');

CREATE TABLE contact_import_problem ( -- what is wrong with rows of a file, without what stands in them
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  import_id uuid NOT NULL,
  row_number integer NOT NULL,
  column_name text,
  code text NOT NULL,
  message text NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, import_id) REFERENCES contact_import (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX contact_import_problem_of ON contact_import_problem (tenant_id, import_id, id);
CALL guard_tenant_table('contact_import_problem', 'SELECT, INSERT');
GRANT SELECT (tenant_id, id), DELETE ON contact_import_problem TO portal_worker;
CREATE INDEX suppression_by_source ON suppression (tenant_id, source, since, id);
"""


class Migration(migrations.Migration):
    """This step; Tortoise looks for this very name."""

    dependencies: list[tuple[str, str]] = [("portal", "0010_sending")]
    operations: list[Operation] = [RunSQL([TAGS, CONSUMERS, ERASURES, IMPORTS])]
