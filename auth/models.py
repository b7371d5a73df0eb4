"""The identity tables, as Tortoise maps them; keys, checks and policies are the migrations'."""

from typing import Any

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class Person(Model):
    """Somebody who signs in: a member of tenants, or the ISV's staff."""

    id = fields.UUIDField(primary_key=True)
    email = fields.TextField()
    name = fields.TextField()
    password_hash = fields.TextField(null=True)
    staff_role = fields.TextField(null=True)
    locale = fields.TextField(default="en")
    time_zone = fields.TextField(default="UTC")
    disabled_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "person"


class Membership(Model):
    """A person's role in one tenant."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    person_id = fields.UUIDField()
    role = fields.TextField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "membership"


class Session(Model):
    """A browser's session: the cookie holds the secret, the row its SHA-256."""

    secret_hash = fields.BinaryField(primary_key=True)
    person_id = fields.UUIDField()
    tenant_id = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()
    seen_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "session"


class ApiClient(Model):
    """A tenant's machine that calls GraphQL; `scopes` is the most that a token of it may hold."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    client_id = fields.TextField()
    name = fields.TextField()
    scopes = ArrayField(element_type="text")
    created_by = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()
    disabled_at = fields.DatetimeField(null=True)

    class Meta:
        table = "api_client"


class SigningKey(Model):
    """A key that signs access tokens; the private half is encrypted."""

    kid = fields.CharField(max_length=64, primary_key=True)
    public_jwk: dict[str, Any] = fields.JSONField()
    private_key = fields.BinaryField()
    created_at = fields.DatetimeField()
    retired_at = fields.DatetimeField(null=True)

    class Meta:
        table = "signing_key"
