"""The database roles, and the procedures by which every later migration guards and partitions a table."""

from tortoise import migrations
from tortoise.migrations.operations import Operation, RunSQL

ROLES = """
DO $$
DECLARE role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['portal_owner', 'portal_auth', 'portal_app', 'portal_support',
                                   'portal_support_content', 'portal_operator', 'portal_worker'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT', role_name);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- another database of this server was quicker
      END;
    END IF;
  END LOOP;
  IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    EXECUTE format('GRANT portal_owner TO %I', current_user);
  END IF;
END $$;
GRANT USAGE ON SCHEMA public TO portal_auth, portal_app, portal_support, portal_support_content, portal_operator,
  portal_worker;
GRANT USAGE, CREATE ON SCHEMA public TO portal_owner;
SET LOCAL ROLE portal_owner;
"""

# NULLIF: after a transaction that set it the setting is '', not NULL, and must still match no tenant.
CURRENT_TENANT = """
CREATE FUNCTION current_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT NULLIF(current_setting('app.tenant_id', true), '')::uuid $$;
"""

GUARD = """
CREATE PROCEDURE guard_tenant_table(guarded regclass, app_may text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', guarded);
  EXECUTE format('CREATE POLICY own_tenant ON %s USING (tenant_id = current_tenant()) '
                 'WITH CHECK (tenant_id = current_tenant())', guarded);
  EXECUTE format('GRANT %s ON %s TO portal_app', app_may, guarded);
END $$;
CREATE PROCEDURE allow_across_tenants(guarded regclass, allowed name, may text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE POLICY across_tenants_%s ON %s TO %I USING (true) WITH CHECK (true)',
                 allowed, guarded, allowed);
  EXECUTE format('GRANT %s ON %s TO %I', may, guarded, allowed);
END $$;
"""

# A UUIDv7 begins with 48 bits of milliseconds: the first one of a month bounds its partition.
PARTITIONS = """
CREATE FUNCTION first_id_of(month date) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (substr(bits, 1, 8) || '-' || substr(bits, 9, 4) || '-0000-0000-000000000000')::uuid
  FROM (SELECT lpad(to_hex((extract(epoch FROM month::timestamp AT TIME ZONE 'UTC') * 1000)::bigint), 12, '0') AS bits)
$$;
CREATE FUNCTION create_partitions(from_day date, until_day date) RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE parent regclass; month date; made integer := 0; child text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('create_partitions'));
  FOR parent IN SELECT partrelid::regclass FROM pg_partitioned_table JOIN pg_class ON pg_class.oid = partrelid
                WHERE relnamespace = 'public'::regnamespace LOOP
    FOR month IN SELECT generate_series(date_trunc('month', from_day), until_day, '1 month')::date LOOP
      child := format('%s_%s', parent, to_char(month, 'YYYY_MM'));
      IF to_regclass(child) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)', child, parent,
                       first_id_of(month), first_id_of((month + interval '1 month')::date));
        made := made + 1;
      END IF;
    END LOOP;
  END LOOP;
  RETURN made;
END $$;
REVOKE ALL ON FUNCTION create_partitions(date, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION create_partitions(date, date) TO portal_worker;
"""


class Migration(migrations.Migration):
    """This step; Tortoise looks for this very name."""

    operations: list[Operation] = [RunSQL([ROLES, CURRENT_TENANT, GUARD, PARTITIONS])]
