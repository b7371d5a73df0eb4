"""Sending: whom, when, and how fast."""

from tortoise import migrations
from tortoise.migrations.operations import Operation


class Migration(migrations.Migration):
    """This step; Tortoise looks for this very name."""

    dependencies: list[tuple[str, str]] = [("portal", "0009_money")]
    operations: list[Operation] = []
