"""The same list as the documentation of Strawberry and Tortoise shows it: what a team would write first.

Models as they come from the ORM, a DataLoader for the relation, Strawberry's own ASGI view; no one signs in, and no row
is guarded. Nothing is made slower than the documentation has it: enums are plain text here, which is less work.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from tortoise import fields
from tortoise.contrib.starlette import RegisterTortoise
from tortoise.models import Model

from portal.database.address import DatabaseAddress


class ContactModel(Model):
    """A row of the table contact."""

    id = fields.UUIDField(primary_key=True)
    name = fields.TextField(null=True)
    number = fields.TextField()
    country = fields.TextField()

    class Meta:
        table = "contact"


class MessageModel(Model):
    """A row of the table message, as far as the list shows it."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    contact: fields.ForeignKeyNullableRelation[ContactModel] = fields.ForeignKeyField("models.ContactModel", null=True)
    direction = fields.TextField()
    channel = fields.TextField()
    status = fields.TextField()
    status_at = fields.DatetimeField()
    body = fields.TextField(null=True)
    encoding = fields.TextField()
    segments = fields.IntField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "message"


@strawberry.type
class Contact:
    """Somebody who gets messages."""

    id: strawberry.ID
    name: str | None
    number: str
    country: str


@strawberry.type
class Message:
    """A message; at run time it is the model itself, as the documentation has it."""

    id: strawberry.ID
    direction: str
    channel: str
    status: str
    status_at: datetime
    body: str | None
    encoding: str
    segments: int
    created_at: datetime
    contact_id: strawberry.Private[UUID | None]

    @strawberry.field
    async def contact(self, info: strawberry.Info) -> Contact | None:
        """The contact, through the loader of this request."""
        found: Contact | None = await info.context["contacts"].load(self.contact_id)
        return found


@strawberry.type
class MessageConnection:
    """A page."""

    nodes: list[Message]


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    async def messages(self, first: int) -> MessageConnection:
        """The newest messages of the tenant."""
        found: Any = await MessageModel.filter(tenant_id=os.environ["TENANT_ID"]).order_by("-id").limit(first)
        return MessageConnection(nodes=found)


async def _load_contacts(keys: list[UUID]) -> list[ContactModel | None]:
    found = {contact.id: contact for contact in await ContactModel.filter(id__in=keys)}
    return [found.get(key) for key in keys]


class _View(GraphQL[dict[str, Any], None]):
    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> dict[str, Any]:
        return {"request": request, "response": response, "contacts": DataLoader(load_fn=_load_contacts)}


def create_app() -> Starlette:
    """The application."""
    credentials = DatabaseAddress.parse(os.environ["DATABASE_URL"]).credentials()
    credentials |= {"minsize": 1, "maxsize": int(os.environ["POOL_SIZE"])}
    config = {
        "connections": {"default": {"engine": "tortoise.backends.asyncpg", "credentials": credentials}},
        "apps": {"models": {"models": [__name__], "default_connection": "default"}},
    }

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with RegisterTortoise(app, config=config):
            yield

    app = Starlette(lifespan=lifespan)
    app.mount("/graphql", _View(strawberry.Schema(Query)))
    return app
