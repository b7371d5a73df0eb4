"""What one operation runs in: who asks, what they may do, and the transaction that all of a query shares."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

import strawberry
from graphql import OperationType
from strawberry.dataloader import DataLoader

from auth.effective import effective_permissions, permissions_of_staff
from auth.permissions import Permission
from auth.principal import Principal, PrincipalKind
from portal.audit.entries import AuditEvent, Origin, write_entry
from portal.clock import Clock
from portal.database import Database, DatabaseRole, TenantTransaction, Transaction
from portal.encryption import Signer
from portal.live.changes import Change
from portal.mail.queue import MailQueue
from portal.messages.media import Media
from portal.support.sessions import READ_ACTION, OpenSupportSession, find_open_session
from portal.webhooks.endpoints import EndpointSetup
from portal_schema.errors import ErrorCode, RequestError
from portal_schema.reach import Addresses, Outside

_ROLES_OF_STAFF = {
    PrincipalKind.ISV_SUPPORT: DatabaseRole.SUPPORT,
    PrincipalKind.ISV_OPERATOR: DatabaseRole.OPERATOR,
}

# Whatever support sees of a tenant stands in the tenant's audit log: as looks that somebody took, not as a stream.
_STAFF_ASKS = "The ISV's staff looks by queries: subscriptions are for a tenant's own people and machines."


@dataclass(slots=True)
class RequestContext:
    """The `info.context` of every resolver."""

    principal: Principal
    database: Database
    clock: Clock
    mail: MailQueue
    endpoint_setup: EndpointSetup
    outside: Outside
    plan_previews: Signer
    addresses: Addresses
    public_url: str
    request_id: str
    address: str | None = None
    permissions: frozenset[Permission] = frozenset()
    support_session: OpenSupportSession | None = None
    transaction: TenantTransaction | None = field(default=None)
    across: Transaction | None = field(default=None)
    """The transaction of a query of the ISV's staff that is in no tenant."""
    loaders: dict[Hashable, DataLoader[Any, Any]] = field(default_factory=dict)
    reads: dict[str, Any] = field(default_factory=dict)
    """What ISV support has read so far: fields by coordinate, and their masked arguments."""
    media: tuple[Media, ...] = ()
    """Of a send: what its media were found to be, before its transaction began."""
    concerns: Callable[[Change], bool] | None = None
    """Of a subscription: the changes that it is to be read again for."""

    @property
    def now(self) -> datetime:
        """The present instant."""
        return self.clock.now()

    @property
    def tenant_id(self) -> UUID | None:
        """The tenant that this request is made in: for ISV support that of its open session."""
        return self.support_session.tenant_id if self.support_session else self.principal.tenant_id

    @property
    def root_permissions(self) -> frozenset[Permission]:
        """What the principal may use of the root types: without a tenant nothing that is a tenant's."""
        return self.permissions if self.tenant_id is not None else self._without_tenants

    @property
    def mutation_permissions(self) -> frozenset[Permission]:
        """What the principal may use of the mutations: the ISV's staff changes nothing that is a tenant's."""
        return self._without_tenants if self.principal.is_staff else self.permissions

    @property
    def _without_tenants(self) -> frozenset[Permission]:
        return frozenset(permission for permission in self.permissions if not permission.is_of_tenant)

    @property
    def origin(self) -> Origin:
        """Who asks and from where, as the audit log keeps it."""
        session = self.support_session.id if self.support_session else None
        return Origin(self.principal.actor, self.request_id, self.address, session)

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
        async with self._reading_own() as tx:
            yield tx

    def check_reach(self, tenant_id: UUID) -> None:
        """Raise unless this request may read in this tenant: it is the one that it is made in, or staff's to see."""
        if tenant_id == self.tenant_id or self.principal.kind is PrincipalKind.ISV_OPERATOR:
            return
        if self.principal.is_staff:
            raise RequestError(ErrorCode.FORBIDDEN, "Open a support session in this tenant first.")
        raise RequestError(ErrorCode.NOT_FOUND, "A request reads in one tenant: switch to this one first.")

    @asynccontextmanager
    async def reading_tenants(self) -> AsyncIterator[Transaction]:
        """What reads tenants by their ids: all of them for the ISV's staff, for everybody else their own alone."""
        if self.tenant_id is not None:
            async with self.reading() as tx:
                yield tx
        elif self.across is not None:
            yield self.across
        elif self.principal.is_staff:
            role = _ROLES_OF_STAFF[self.principal.kind]
            async with self.database.as_role(role, read_only=True) as tx:
                yield tx
        else:
            raise RequestError(ErrorCode.FORBIDDEN, "Choose a tenant first.")

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """A transaction for one mutation field: the permissions are read in it, so a demotion before it holds."""
        if self.principal.tenant_id is None:  # nothing to open: what a field needs is missing, or needs no tenant
            yield
            return
        async with self.database.for_tenant(self.principal.tenant_id) as tx:
            self.permissions = await effective_permissions(tx, self.principal)
            self.transaction = tx
            try:
                yield
            finally:
                self.transaction = None

    @asynccontextmanager
    async def operating(self, tenant_id: UUID | None = None) -> AsyncIterator[Transaction]:
        """A transaction of the ISV's operator, for a mutation apart: across tenants, or in one of them."""
        if tenant_id is None:
            async with self.database.as_role(DatabaseRole.OPERATOR) as tx:
                yield tx
        else:
            async with self.database.for_tenant(tenant_id, role=DatabaseRole.OPERATOR) as own:
                yield own

    async def write_down(self, event: AuditEvent) -> None:
        """Write what a mutation did into the audit log, in its transaction."""
        tx = self.tx
        await write_entry(tx, tx.tenant_id, self.origin, event, at=self.now)

    def note_read(self, coordinate: str, arguments: Mapping[str, Any] = MappingProxyType({})) -> None:
        """Note what ISV support is about to read in its session; nothing of anybody else's."""
        if self.support_session is None:
            return
        self.reads[coordinate] = True
        for name, value in arguments.items():
            if value is not None:
                values = self.reads.setdefault(f"{coordinate}({name})", [])
                if value not in values:
                    values.append(value)

    async def write_reads_down(self) -> None:
        """Write what ISV support has read into the tenant's audit log, before the answer leaves."""
        session = self.support_session
        if session is None or not self.reads:
            return
        event = AuditEvent(READ_ACTION, changes=self.reads)
        async with self.database.for_tenant(session.tenant_id) as tx:
            await write_entry(tx, session.tenant_id, self.origin, event, at=self.now)
        self.reads = {}

    def enter(self, session: OpenSupportSession | None) -> None:
        """Go on as one of the ISV's staff in this support session, or in none; what was read is written down by now."""
        self.support_session = session
        self.permissions = permissions_of_staff(
            self.principal, in_session=session is not None, with_content=session is not None and session.sees_content
        )

    def require_in_person(self) -> None:
        """Raise FORBIDDEN unless a person asks in the portal's own page: no application decides this for anybody."""
        if self.principal.kind is not PrincipalKind.MEMBER or self.principal.token_permissions is not None:
            message = "Only a person who is signed in to the portal may do this."
            raise RequestError(ErrorCode.FORBIDDEN, message, requiredScopes=[])

    def loader(self, key: Hashable, load: Callable[[list[Any]], Awaitable[list[Any]]]) -> DataLoader[Any, Any]:
        """The one loader of this operation that gathers what is asked for side by side under this key.

        It remembers nothing: a mutation after it may change what it read.
        """
        return self.loaders.setdefault(key, DataLoader(load, cache=False))

    def _reading_own(self) -> AbstractAsyncContextManager[TenantTransaction]:
        session = self.support_session
        if session is not None:
            return self.database.for_support(
                session.tenant_id, session.id, self.now, sees_content=Permission.MESSAGES_READ in self.permissions
            )
        if self.principal.tenant_id is None:
            raise RequestError(ErrorCode.FORBIDDEN, "Choose a tenant first.")
        return self.database.for_tenant(self.principal.tenant_id, read_only=True)


Info = strawberry.Info[RequestContext, None]


class Contexts:
    """Opens the context of an operation."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        mail: MailQueue,
        endpoint_setup: EndpointSetup,
        outside: Outside,
        plan_previews: Signer,
        addresses: Addresses,
        public_url: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._mail = mail
        self._endpoint_setup = endpoint_setup
        self._outside = outside
        self._plan_previews = plan_previews
        self._addresses = addresses
        self._public_url = public_url

    @asynccontextmanager
    async def open(
        self, principal: Principal, operation: OperationType, request_id: str, address: str | None
    ) -> AsyncIterator[RequestContext]:
        """A query, or one reading of a subscription, reads everything in one read-only transaction.

        A mutation opens one for each of its fields.
        """
        if operation is OperationType.SUBSCRIPTION and principal.is_staff:
            raise RequestError(ErrorCode.FORBIDDEN, _STAFF_ASKS)
        context = RequestContext(
            principal,
            self._database,
            self._clock,
            self._mail,
            self._endpoint_setup,
            self._outside,
            self._plan_previews,
            self._addresses,
            self._public_url,
            request_id,
            address,
        )
        if principal.is_staff:
            await self._admit_staff(context)
        try:
            if operation is OperationType.MUTATION or not (context.tenant_id or principal.is_staff):
                yield context
            elif context.tenant_id is None:
                async with context.reading_tenants() as context.across:
                    yield context
            else:
                async with context.reading() as context.transaction:
                    if not principal.is_staff:
                        context.permissions = await effective_permissions(context.transaction, principal)
                    yield context
        finally:
            # What was read was read, whether its answer leaves or not: also where the client has hung up meanwhile.
            await asyncio.shield(context.write_reads_down())

    async def _admit_staff(self, context: RequestContext) -> None:
        session = None
        if context.principal.kind is PrincipalKind.ISV_SUPPORT:
            session = await find_open_session(self._database, context.principal.id, now=context.now)
        context.enter(session)
