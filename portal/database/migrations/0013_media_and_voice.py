"""Templates with media, and calls that are made."""

from tortoise import migrations
from tortoise.migrations.operations import Operation


class Migration(migrations.Migration):
    """This step; Tortoise looks for this very name."""

    dependencies: list[tuple[str, str]] = [("portal", "0012_policy")]
    operations: list[Operation] = []
