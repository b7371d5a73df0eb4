"""Contacts, the suppression list, templates and their versions."""

from tortoise import migrations
from tortoise.migrations.operations import Operation, RunSQL

SQL = """
SET LOCAL ROLE portal_owner;
CREATE TABLE contact (
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  name text,
  number text NOT NULL CHECK (number ~ '^\\+[1-9][0-9]{6,14}$'),
  country text NOT NULL CHECK (country ~ '^[A-Z0-9]{2,3}$'),
  fields jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(fields) = 'object'),
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, number)
);
CREATE INDEX contact_by_name ON contact (tenant_id, (lower(coalesce(name, ''))), id);
CALL guard_tenant_table('contact', 'SELECT, INSERT, UPDATE, DELETE');

CREATE TABLE suppression ( -- numbers that must not be written to, with the source of the wish
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  number text NOT NULL,
  source text NOT NULL CHECK (source IN ('STOP', 'CARRIER', 'IMPORT', 'MANUAL')),
  since timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, number)
);
CALL guard_tenant_table('suppression', 'SELECT, INSERT');

CREATE TABLE template (
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  name text NOT NULL CHECK (name <> ''),
  category text NOT NULL CHECK (category IN ('TRANSACTIONAL', 'NOTIFICATION', 'MARKETING')),
  version integer NOT NULL CHECK (version > 0),
  archived_at timestamptz,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX template_name ON template (tenant_id, lower(name)) WHERE archived_at IS NULL;
CALL guard_tenant_table('template', 'SELECT, INSERT, UPDATE');

CREATE TABLE template_version ( -- immutable: a message keeps the version it was sent with
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  template_id uuid NOT NULL,
  number integer NOT NULL CHECK (number > 0),
  body text NOT NULL CHECK (body <> ''),
  variables jsonb NOT NULL CHECK (jsonb_typeof(variables) = 'array'),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, template_id, number),
  FOREIGN KEY (tenant_id, template_id) REFERENCES template (tenant_id, id)
);
CALL guard_tenant_table('template_version', 'SELECT, INSERT');
"""


class Migration(migrations.Migration):
    """This step; Tortoise looks for this very name."""

    dependencies: list[tuple[str, str]] = [("portal", "0002_tenants_and_identity")]
    operations: list[Operation] = [RunSQL(SQL)]
