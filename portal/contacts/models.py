"""The tables of this room, as Tortoise maps them; keys, checks and policies are the migrations'."""

from typing import Any

from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields import DatetimeField, JSONField, TextField, UUIDField
from tortoise.models import Model


class Contact(Model):
    """Somebody the tenant writes to; `fields` fills the variables of templates."""

    id = UUIDField(primary_key=True)
    tenant_id = UUIDField()
    name = TextField(null=True)
    number = TextField()
    country = TextField()
    fields: dict[str, Any] = JSONField()
    former_numbers = ArrayField(element_type="text", default=list)
    created_at = DatetimeField()
    updated_at = DatetimeField()

    class Meta:
        table = "contact"
