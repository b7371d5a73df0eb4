"""Media of messages, numbers and what they do with calls, and calls that are made."""

from tortoise import migrations
from tortoise.migrations.operations import Operation, RunSQL

MEDIA = """
SET LOCAL ROLE portal_owner;
ALTER TABLE message ADD media jsonb; -- of one that is sent: [{url, contentType, size}], content as its body is
GRANT SELECT (media) ON message TO portal_support_content;
"""

NUMBERS = """
SET LOCAL ROLE portal_owner;
ALTER TABLE number
  ADD capabilities text[] NOT NULL DEFAULT '{SMS,MMS,VOICE}' CHECK (capabilities <@ ARRAY['SMS', 'MMS', 'VOICE']),
  ADD ready boolean NOT NULL DEFAULT true, -- whether it may send: its registration is through
  ADD voice_action text CHECK (voice_action IN ('FORWARD', 'ANNOUNCE', 'REJECT')), -- what becomes of calls to it
  ADD voice_forward_to text,
  ADD voice_announcement text,
  ADD voice_language text,
  ADD CHECK ((voice_announcement IS NULL) = (voice_language IS NULL)),
  ADD CHECK ((voice_action IS NOT DISTINCT FROM 'FORWARD') = (voice_forward_to IS NOT NULL));
GRANT UPDATE (label, voice_action, voice_forward_to, voice_announcement, voice_language) ON number TO portal_app;
GRANT SELECT (capabilities, ready, voice_action, voice_forward_to, voice_announcement, voice_language) ON number
  TO portal_support;
"""

CALLS = """
ALTER TABLE call
  ALTER provider_reference DROP NOT NULL, -- null until it is known that the provider took it
  ADD contact_id uuid,       -- no foreign key: a contact may be deleted, the call stays
  ADD parent_id uuid,        -- of a forward: the call that it is the other half of
  ADD announcement text,
  ADD language text,
  ADD most_seconds integer,  -- it is ended after so many
  ADD issue text,            -- why it was not made, or not forwarded
  ADD actor_kind text,
  ADD actor_name text,
  ADD minute_price numeric NOT NULL DEFAULT 0, -- what a minute is estimated at
  ADD price numeric NOT NULL DEFAULT 0,        -- the most that it may come to, and once it is settled what it did
  ADD spend_id uuid,         -- where the price is reserved; null once it is settled
  ADD due_at timestamptz,    -- when a worker has to look at it; null: nobody will, or need not
  ADD tried_at timestamptz,  -- when it was handed over; without a reference nobody can say whether it was taken
  ADD attempts integer NOT NULL DEFAULT 0;
CREATE INDEX call_due ON call (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX call_of_parent ON call (tenant_id, parent_id) WHERE parent_id IS NOT NULL;
CALL allow_across_tenants('call', 'portal_worker', 'SELECT (tenant_id, due_at)');
GRANT SELECT (contact_id, parent_id, issue, actor_kind, actor_name) ON call TO portal_support;
"""


class Migration(migrations.Migration):
    """This step; Tortoise looks for this very name."""

    dependencies: list[tuple[str, str]] = [("portal", "0012_policy")]
    operations: list[Operation] = [RunSQL([MEDIA, NUMBERS, CALLS])]
