"""Sending: whom, when, and how fast."""

from tortoise import migrations
from tortoise.migrations.operations import Operation, RunSQL

RECIPIENTS = """
SET LOCAL ROLE portal_owner;
ALTER TABLE message_refusal ADD place text NOT NULL DEFAULT ''; -- where among the recipients of the input: numbers.3
GRANT SELECT (place) ON message_refusal TO portal_support;
"""


class Migration(migrations.Migration):
    """This step; Tortoise looks for this very name."""

    dependencies: list[tuple[str, str]] = [("portal", "0009_money")]
    operations: list[Operation] = [RunSQL([RECIPIENTS])]
