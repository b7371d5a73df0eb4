"""The tables of this room, as Tortoise maps them; keys, checks and policies are the migrations'."""

from typing import Any

from tortoise import fields
from tortoise.models import Model


class Template(Model):
    """A named text; `version` is the number of its current version."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    name = fields.TextField()
    category = fields.TextField()
    topic = fields.TextField(null=True)
    kind = fields.TextField()
    version = fields.IntField()
    archived_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "template"


class TemplateVersion(Model):
    """One immutable text of a template."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    template_id = fields.UUIDField()
    number = fields.IntField()
    body = fields.TextField()
    variables: list[dict[str, Any]] = fields.JSONField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "template_version"
