"""Second factors, mail, external sign-in, OAuth applications and their tokens, invitations, transfers of ownership."""

from tortoise import migrations
from tortoise.migrations.operations import Operation, RunSQL

# A tenant's transaction sees the people who belong to the tenant, and of them no more than their names and addresses.
PEOPLE = """
SET LOCAL ROLE portal_owner;
ALTER TABLE person ADD email_verified_at timestamptz, ADD password_changed_at timestamptz;
ALTER TABLE person ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY anybody ON person TO portal_auth USING (true) WITH CHECK (true);
CREATE POLICY own_members ON person TO portal_app USING (
  EXISTS (SELECT FROM membership WHERE tenant_id = current_tenant() AND person_id = person.id)) WITH CHECK (false);
GRANT SELECT (id, name, email, locale, time_zone) ON person TO portal_app;

ALTER TABLE session ADD id uuid NOT NULL DEFAULT gen_random_uuid(), ADD second_factor_at timestamptz,
  ADD authenticated_at timestamptz, -- when the person last proved who it is, at sign-in or asked again
  ADD challenge bytea, ADD new_totp_secret bytea; -- of a second factor that is being set up
CREATE INDEX session_of_tenant ON session (tenant_id, person_id); -- when members were last seen
ALTER TABLE session ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY anybody ON session TO portal_auth USING (true) WITH CHECK (true);
CREATE POLICY own_tenant ON session TO portal_app USING (tenant_id = current_tenant()) WITH CHECK (false);
GRANT SELECT (person_id, tenant_id, seen_at) ON session TO portal_app;

CREATE TABLE totp ( -- time-based one-time passwords (RFC 6238); the secret is encrypted under the settings' key
  person_id uuid PRIMARY KEY REFERENCES person (id),
  secret bytea NOT NULL,
  confirmed_at timestamptz NOT NULL,
  last_step bigint NOT NULL DEFAULT 0 -- a code is good once: RFC 6238, 5.2
);
GRANT SELECT, INSERT, UPDATE, DELETE ON totp TO portal_auth;
GRANT SELECT (person_id, confirmed_at) ON totp TO portal_app;

CREATE TABLE passkey (
  id uuid PRIMARY KEY,
  person_id uuid NOT NULL REFERENCES person (id),
  credential_id bytea NOT NULL UNIQUE,
  public_key bytea NOT NULL,
  sign_count bigint NOT NULL,
  name text NOT NULL,
  created_at timestamptz NOT NULL,
  last_used_at timestamptz
);
CREATE INDEX passkey_of_person ON passkey (person_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON passkey TO portal_auth;
GRANT SELECT (person_id) ON passkey TO portal_app;

CREATE TABLE recovery_code ( -- random, so that a plain SHA-256 is enough
  person_id uuid NOT NULL REFERENCES person (id),
  code_hash bytea NOT NULL,
  created_at timestamptz NOT NULL,
  used_at timestamptz,
  PRIMARY KEY (person_id, code_hash)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON recovery_code TO portal_auth;

DO $$
DECLARE guarded text;
BEGIN
  FOREACH guarded IN ARRAY ARRAY['totp', 'passkey', 'recovery_code'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', guarded);
    EXECUTE format('CREATE POLICY anybody ON %I TO portal_auth USING (true) WITH CHECK (true)', guarded);
    EXECUTE format('CREATE POLICY own_members ON %I TO portal_app USING (EXISTS (SELECT FROM membership WHERE '
                   'tenant_id = current_tenant() AND membership.person_id = %I.person_id)) WITH CHECK (false)',
                   guarded, guarded);
  END LOOP;
END $$;

CREATE TABLE pending_sign_in ( -- the first factor was right, the second is awaited
  secret_hash bytea PRIMARY KEY,
  person_id uuid NOT NULL REFERENCES person (id),
  challenge bytea,          -- of a passkey ceremony
  new_totp_secret bytea,    -- encrypted; shown to who has to set a second factor up first
  return_to text NOT NULL,
  created_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL
);
CREATE INDEX pending_sign_in_of_person ON pending_sign_in (person_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON pending_sign_in TO portal_auth;

CREATE TABLE mailed_link ( -- what a mail's address holds, by its SHA-256: good once, and not for long
  secret_hash bytea PRIMARY KEY,
  person_id uuid NOT NULL REFERENCES person (id),
  purpose text NOT NULL CHECK (purpose IN ('PASSWORD_RESET', 'EMAIL_VERIFICATION')),
  email text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
GRANT SELECT, INSERT, UPDATE, DELETE ON mailed_link TO portal_auth;

CREATE TABLE outgoing_mail ( -- written with what it tells of, sent by the worker, then deleted; encrypted throughout
  id uuid PRIMARY KEY,
  content bytea NOT NULL,
  created_at timestamptz NOT NULL,
  due_at timestamptz NOT NULL,
  attempts integer NOT NULL DEFAULT 0
);
CREATE INDEX outgoing_mail_due ON outgoing_mail (due_at);
GRANT INSERT ON outgoing_mail TO portal_app, portal_auth;
GRANT SELECT, UPDATE, DELETE ON outgoing_mail TO portal_worker;

CREATE TABLE external_identity ( -- who a person is at an OpenID provider: issuer and subject, never the e-mail address
  issuer text NOT NULL,
  subject text NOT NULL,
  person_id uuid NOT NULL REFERENCES person (id),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (issuer, subject)
);
CREATE INDEX external_identity_of_person ON external_identity (person_id);
GRANT SELECT, INSERT, DELETE ON external_identity TO portal_auth;
"""

OAUTH = """
CREATE TABLE oauth_application ( -- somebody else's program that acts for a person, after consent
  client_id text PRIMARY KEY,
  name text NOT NULL CHECK (name <> ''),
  redirect_uris text[] NOT NULL,
  authentication text NOT NULL
    CHECK (authentication IN ('NONE', 'CLIENT_SECRET_BASIC', 'CLIENT_SECRET_POST', 'PRIVATE_KEY_JWT')),
  secret_hash bytea,
  public_keys jsonb,
  scopes text[] NOT NULL,
  for_staff boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL,
  disabled_at timestamptz
);
GRANT SELECT, INSERT, UPDATE ON oauth_application TO portal_auth;

CREATE TABLE oauth_grant ( -- one consent; the code and all tokens made from it are its family and end with it
  id uuid PRIMARY KEY,
  client_id text NOT NULL REFERENCES oauth_application (client_id),
  person_id uuid NOT NULL REFERENCES person (id),
  tenant_id uuid REFERENCES tenant (id), -- none for the ISV's staff
  scopes text[] NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE INDEX oauth_grant_of_person ON oauth_grant (person_id) WHERE revoked_at IS NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON oauth_grant TO portal_auth;

CREATE TABLE authorization_code (
  code_hash bytea PRIMARY KEY,
  grant_id uuid NOT NULL REFERENCES oauth_grant (id) ON DELETE CASCADE,
  redirect_uri text NOT NULL,
  code_challenge text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
GRANT SELECT, INSERT, UPDATE, DELETE ON authorization_code TO portal_auth;

CREATE TABLE refresh_token (
  token_hash bytea PRIMARY KEY,
  grant_id uuid NOT NULL REFERENCES oauth_grant (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
CREATE INDEX refresh_token_of_grant ON refresh_token (grant_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON refresh_token TO portal_auth;

CREATE TABLE revoked_token ( -- access tokens taken back before their time, by jti
  jti text PRIMARY KEY,
  expires_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, DELETE ON revoked_token TO portal_auth;

CREATE TABLE used_assertion ( -- client assertions are good once (RFC 7523, 3)
  client_id text NOT NULL,
  jti text NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (client_id, jti)
);
GRANT SELECT, INSERT, DELETE ON used_assertion TO portal_auth;

ALTER TABLE signing_key ADD signs_from timestamptz; -- published before it signs, so that nobody meets a key unknown
UPDATE signing_key SET signs_from = created_at;
ALTER TABLE signing_key ALTER signs_from SET NOT NULL;

ALTER TABLE api_client
  ADD authentication text NOT NULL DEFAULT 'CLIENT_SECRET_BASIC'
    CHECK (authentication IN ('CLIENT_SECRET_BASIC', 'CLIENT_SECRET_POST', 'PRIVATE_KEY_JWT')),
  ADD public_keys jsonb, ADD expires_at timestamptz, ADD last_used_at timestamptz;
GRANT UPDATE (last_used_at) ON api_client TO portal_auth;

ALTER TABLE api_client_lookup ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY anybody ON api_client_lookup TO portal_auth USING (true) WITH CHECK (true);
CREATE POLICY own_tenant ON api_client_lookup TO portal_app
  USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT INSERT ON api_client_lookup TO portal_app;
"""

MEMBERS = """
CREATE TABLE invitation ( -- the mailed address holds the tenant's id and a secret, this row the secret's SHA-256
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  email text NOT NULL CHECK (email = lower(email)),
  role text NOT NULL CHECK (role IN ('ADMINISTRATOR', 'DEVELOPER', 'BILLING_MANAGER', 'SUPPORT')),
  secret_hash bytea NOT NULL,
  invited_by uuid NOT NULL REFERENCES person (id),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  accepted_at timestamptz,
  revoked_at timestamptz,
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX invitation_open ON invitation (tenant_id, email) WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE INDEX invitation_by_secret ON invitation (tenant_id, secret_hash);
CALL guard_tenant_table('invitation', 'SELECT, INSERT, UPDATE');
CALL allow_across_tenants('invitation', 'portal_auth', 'SELECT, UPDATE');

CREATE TABLE ownership_transfer ( -- offered by the Owner, done by the heir
  tenant_id uuid NOT NULL REFERENCES tenant (id),
  id uuid NOT NULL,
  from_person uuid NOT NULL REFERENCES person (id),
  to_person uuid NOT NULL REFERENCES person (id),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  accepted_at timestamptz,
  canceled_at timestamptz,
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX ownership_transfer_open ON ownership_transfer (tenant_id)
  WHERE accepted_at IS NULL AND canceled_at IS NULL;
CALL guard_tenant_table('ownership_transfer', 'SELECT, INSERT, UPDATE');
"""


class Migration(migrations.Migration):
    """This step; Tortoise looks for this very name."""

    dependencies: list[tuple[str, str]] = [("portal", "0005_messages")]
    operations: list[Operation] = [RunSQL([PEOPLE, OAUTH, MEMBERS])]
