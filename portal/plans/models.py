"""The tables of this room, as Tortoise maps them; keys, checks and policies are the migrations'."""

from tortoise import fields
from tortoise.models import Model


class Plan(Model):
    """One version of a plan in the catalogue."""

    id = fields.UUIDField(primary_key=True)
    name = fields.TextField()
    version = fields.IntField()
    state = fields.TextField()
    allowance_amount = fields.IntField(null=True)
    allowance_unit = fields.TextField()
    allowance_per = fields.TextField()
    at_limit = fields.TextField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "plan"


class TenantPlan(Model):
    """Which plan a tenant has, since when."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    plan_id = fields.UUIDField()
    since = fields.DatetimeField()
    until = fields.DatetimeField(null=True)

    class Meta:
        table = "tenant_plan"
