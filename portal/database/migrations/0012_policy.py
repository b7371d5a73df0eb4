"""What may be sent: policy, and the fraud shield."""

from tortoise import migrations
from tortoise.migrations.operations import Operation


class Migration(migrations.Migration):
    """This step; Tortoise looks for this very name."""

    dependencies: list[tuple[str, str]] = [("portal", "0011_contacts")]
    operations: list[Operation] = []
