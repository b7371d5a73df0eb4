"""Numbers and what they do with calls."""

from tortoise import migrations
from tortoise.migrations.operations import Operation, RunSQL

NUMBERS = """
SET LOCAL ROLE portal_owner;
ALTER TABLE number
  ADD capabilities text[] NOT NULL DEFAULT '{SMS,MMS,VOICE}' CHECK (capabilities <@ ARRAY['SMS', 'MMS', 'VOICE']),
  ADD ready boolean NOT NULL DEFAULT true, -- whether it may send: its registration is through
  ADD voice_action text CHECK (voice_action IN ('FORWARD', 'ANNOUNCE', 'REJECT')), -- what becomes of calls to it
  ADD voice_forward_to text,
  ADD voice_announcement text,
  ADD CHECK ((voice_action IS NOT DISTINCT FROM 'FORWARD') = (voice_forward_to IS NOT NULL));
GRANT UPDATE (label, voice_action, voice_forward_to, voice_announcement) ON number TO portal_app;
GRANT SELECT (capabilities, ready, voice_action, voice_forward_to, voice_announcement) ON number TO portal_support;
"""


class Migration(migrations.Migration):
    """This step; Tortoise looks for this very name."""

    dependencies: list[tuple[str, str]] = [("portal", "0012_policy")]
    operations: list[Operation] = [RunSQL([NUMBERS])]
