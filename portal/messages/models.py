"""The tables of this room, as Tortoise maps them; keys, checks and policies are the migrations'."""

from tortoise import fields
from tortoise.models import Model


class MessageBatch(Model):
    """One `messageSend`: who was asked for, by whom."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    template_version_id = fields.UUIDField(null=True)
    topic = fields.TextField(null=True)
    total = fields.IntField()
    accepted = fields.IntField()
    actor_kind = fields.TextField()
    actor_id = fields.UUIDField()
    actor_name = fields.TextField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "message_batch"
