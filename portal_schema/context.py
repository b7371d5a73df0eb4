"""What one operation runs in: who asks, what they may do, and the transaction that all of a query shares."""

from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import strawberry
from graphql import OperationType
from strawberry.dataloader import DataLoader

from auth.effective import effective_permissions, permissions_without_tenant
from auth.permissions import Permission
from auth.principal import Principal
from portal.clock import Clock
from portal.database import Database, TenantTransaction
from portal_schema.errors import ErrorCode, RequestError


@dataclass(slots=True)
class RequestContext:
    """The `info.context` of every resolver."""

    principal: Principal
    database: Database
    clock: Clock
    request_id: str
    permissions: frozenset[Permission] = frozenset()
    transaction: TenantTransaction | None = field(default=None)
    loaders: dict[Hashable, DataLoader[Any, Any]] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """The present instant."""
        return self.clock.now()

    @property
    def tx(self) -> TenantTransaction:
        """The transaction of this query, or of this mutation field."""
        if self.transaction is None:
            raise RequestError(ErrorCode.FORBIDDEN, "Choose a tenant first.")
        return self.transaction

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[TenantTransaction]:
        """The open transaction; after a mutation has committed, a short one of its own."""
        if self.transaction is not None:
            yield self.transaction
            return
        async with self._open(read_only=True) as tx:
            yield tx

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """A transaction for one mutation field: the permissions are read in it, so a demotion before it holds."""
        if (
            self.principal.tenant_id is None
        ):  # there is nothing to open: what a field needs is missing, or needs no tenant
            yield
            return
        async with self._open(read_only=False) as tx:
            self.permissions = await effective_permissions(tx, self.principal)
            self.transaction = tx
            try:
                yield
            finally:
                self.transaction = None

    def loader(self, key: Hashable, load: Callable[[list[Any]], Awaitable[list[Any]]]) -> DataLoader[Any, Any]:
        """The one loader of this operation that gathers what is asked for side by side under this key.

        It remembers nothing: a mutation after it may change what it read.
        """
        return self.loaders.setdefault(key, DataLoader(load, cache=False))

    def _open(self, *, read_only: bool) -> AbstractAsyncContextManager[TenantTransaction]:
        if self.principal.tenant_id is None:
            raise RequestError(ErrorCode.FORBIDDEN, "Choose a tenant first.")
        return self.database.for_tenant(self.principal.tenant_id, read_only=read_only)


Info = strawberry.Info[RequestContext, None]


class Contexts:
    """Opens the context of an operation."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @asynccontextmanager
    async def open(
        self, principal: Principal, operation: OperationType, request_id: str
    ) -> AsyncIterator[RequestContext]:
        """A query reads everything in one read-only transaction; a mutation opens one for each of its fields."""
        context = RequestContext(principal, self._database, self._clock, request_id)
        if principal.tenant_id is None:
            context.permissions = permissions_without_tenant(principal)
            yield context
        elif operation is OperationType.MUTATION:
            yield context
        else:
            async with context.reading() as tx:
                context.permissions = await effective_permissions(tx, principal)
                context.transaction = tx
                yield context
