"""The tables of this room, as Tortoise maps them; keys, checks and policies are the migrations'."""

from tortoise import fields
from tortoise.models import Model


class Tenant(Model):
    """A customer of the ISV; `id` is the `tenant_id` of every other table."""

    id = fields.UUIDField(primary_key=True)
    name = fields.TextField()
    slug = fields.TextField()
    environment = fields.TextField()
    state = fields.TextField()
    time_zone = fields.TextField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "tenant"


class ProviderAccount(Model):
    """A tenant's subaccount at the provider; token and secret are encrypted."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    account_sid = fields.TextField()
    auth_token = fields.BinaryField()
    key_sid = fields.TextField()
    key_secret = fields.BinaryField()
    messaging_service_sid = fields.TextField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "provider_account"


class Number(Model):
    """A sender of the tenant, E.164."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    number = fields.TextField()
    label = fields.TextField()
    provider_reference = fields.TextField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "number"
