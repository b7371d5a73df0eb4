"""Connections, and the two transactions that everything goes through: one role's, and one tenant's.

The pool logs in as a user without rights of its own. Each transaction takes a role, and a tenant's transaction the
tenant too, in the message that begins it: what forgets to ask has no rights at all.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from copy import copy
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext

from portal.database.address import DatabaseAddress
from portal.database.models import MODEL_MODULES
from portal.live.changes import Change

Row = Any  # an asyncpg.Record: it reads like a mapping and like a tuple
QueryLogger = Callable[[str], None]
CommitListener = Callable[[UUID, list[Change]], None]
_SECONDS_TO_WAIT = 30.0  # for a free connection: who asks is told to come again before their own patience ends


class DatabaseRole(StrEnum):
    """The database roles; what each may do is in the migrations."""

    OWNER = "portal_owner"
    AUTH = "portal_auth"
    APP = "portal_app"
    SUPPORT = "portal_support"
    SUPPORT_CONTENT = "portal_support_content"
    OPERATOR = "portal_operator"
    WORKER = "portal_worker"


class DatabaseUnavailableError(Exception):
    """The database does not answer, or lets nobody in; what it said is the cause."""

    def __init__(self) -> None:
        super().__init__("the database does not answer")


class Transaction:
    """An open transaction in one role: SQL by its methods, Tortoise models by `using_db(tx.orm)`."""

    def __init__(self, orm: TransactionWrapper, role: DatabaseRole) -> None:
        self.orm: BaseDBAsyncClient = orm
        self._role = role
        self._connection: Any = orm._connection  # noqa: SLF001  the connection that the wrapper was made on
        self._turn = orm._lock  # noqa: SLF001  resolvers that run side by side take turns, the ORM's queries too

    async def rows(self, sql: str, *arguments: object) -> list[Row]:
        """All rows of one statement, as records."""
        async with self._turn:
            found: list[Row] = await self._connection.fetch(sql, *arguments)
        return found

    async def rows_as(self, role: DatabaseRole, sql: str, *arguments: object) -> list[Row]:
        """All rows of one statement in another role: a transaction of its own would wait for a second connection."""
        async with self._turn:
            try:
                await self._connection.execute(f"SET LOCAL ROLE {role.value}")
                found: list[Row] = await self._connection.fetch(sql, *arguments)
            finally:  # where that fails, so does all that comes after it in this transaction
                await self._connection.execute(f"SET LOCAL ROLE {self._role.value}")
        return found

    async def row(self, sql: str, *arguments: object) -> Row | None:
        """The first row of one statement, or None."""
        async with self._turn:
            return await self._connection.fetchrow(sql, *arguments)

    async def value(self, sql: str, *arguments: object) -> Any:
        """The first column of the first row, or None."""
        async with self._turn:
            return await self._connection.fetchval(sql, *arguments)

    async def execute(self, sql: str, *arguments: object) -> int:
        """Run one statement; how many rows it touched."""
        async with self._turn:
            tag = str(await self._connection.execute(sql, *arguments))
        last = tag.rpartition(" ")[2]
        return int(last) if last.isdigit() else 0


class TenantTransaction(Transaction):
    """An open transaction that sees and writes one tenant's rows: row-level security refuses the rest.

    Without `sees_content` the database refuses the columns with bodies and full numbers.
    """

    def __init__(
        self, orm: TransactionWrapper, role: DatabaseRole, tenant_id: UUID, *, sees_content: bool = True
    ) -> None:
        super().__init__(orm, role)
        self.tenant_id = tenant_id
        self.sees_content = sees_content
        self.changes: list[Change] = []

    def announce(self, change: Change) -> None:
        """Tell whoever looks on, once this has committed; what is rolled back is never told."""
        self.changes.append(change)


class Database:
    """A pool of connections to one database; make it with `connect`, and close it."""

    def __init__(self, context: TortoiseContext, client: AsyncpgDBClient) -> None:
        self._context = context
        self._client = client
        self.on_commit: CommitListener | None = None
        """Hears what a tenant's transaction announced, after it has committed; it must not wait."""

    @classmethod
    async def connect(
        cls, address: DatabaseAddress, *, pool_size: int = 10, on_query: QueryLogger | None = None
    ) -> "Database":
        """Open the pool; `on_query` hears the text of every statement.

        Raises:
            OSError: nothing listens there.
            asyncpg.PostgresError: the server refuses the user or the database.
        """
        context = TortoiseContext()
        credentials = address.credentials() | {
            "minsize": 0,  # connect on first use: a process starts, and says so, while its database is down
            "maxsize": pool_size,
            "reset": _nothing_to_reset,
            "command_timeout": 60,
        }
        if on_query is not None:
            credentials["init"] = _listener(on_query)
        with context:
            await context.init(
                config={
                    "connections": {"default": {"engine": "tortoise.backends.asyncpg", "credentials": credentials}},
                    "apps": {"portal": {"models": MODEL_MODULES, "default_connection": "default"}},
                    "use_tz": True,
                    "timezone": "UTC",
                }
            )
            client = context.db("default")
        if not isinstance(client, AsyncpgDBClient):
            raise TypeError(f"expected the asyncpg client, got {type(client).__name__}")
        await client.create_connection(with_db=True)
        return cls(context, client)

    async def close(self) -> None:
        """Give all connections back."""
        await self._client.close()
        await self._context.close_connections()

    @asynccontextmanager
    async def as_role(self, role: DatabaseRole, *, read_only: bool = False) -> AsyncIterator[Transaction]:
        """A transaction that spans tenants as far as the role's policies let it."""
        async with self._begin(f"{_begin(read_only=read_only)}; SET LOCAL ROLE {role.value}") as orm:
            yield Transaction(orm, role)

    @asynccontextmanager
    async def for_tenant(
        self, tenant_id: UUID, *, role: DatabaseRole = DatabaseRole.APP, read_only: bool = False
    ) -> AsyncIterator[TenantTransaction]:
        """A transaction that sees and writes this tenant's rows only."""
        if not isinstance(tenant_id, UUID):  # it goes into the text of a statement
            raise TypeError("tenant_id has to be a UUID")
        begin = f"{_begin(read_only=read_only)}; SET LOCAL ROLE {role.value}; SET LOCAL app.tenant_id = '{tenant_id}'"
        async with self._begin(begin) as orm:
            tx = TenantTransaction(orm, role, tenant_id)
            yield tx
        if tx.changes and self.on_commit is not None:
            self.on_commit(tenant_id, tx.changes)

    @asynccontextmanager
    async def for_support(
        self, tenant_id: UUID, support_session_id: UUID, at: datetime, *, sees_content: bool
    ) -> AsyncIterator[TenantTransaction]:
        """A read-only transaction of ISV support: the tenant's rows are there while its session is open at `at`."""
        if not all(isinstance(one, UUID) for one in (tenant_id, support_session_id)):  # both go into a statement's text
            raise TypeError("ids have to be UUIDs")
        role = DatabaseRole.SUPPORT_CONTENT if sees_content else DatabaseRole.SUPPORT
        settings = {"tenant_id": tenant_id, "support_session": support_session_id, "now": at.isoformat()}
        told = "".join(f"; SET LOCAL app.{name} = '{value}'" for name, value in settings.items())
        async with self._begin(f"{_begin(read_only=True)}; SET LOCAL ROLE {role.value}{told}") as orm:
            yield TenantTransaction(orm, role, tenant_id, sees_content=sees_content)

    @asynccontextmanager
    async def _begin(self, begin: str) -> AsyncIterator[TransactionWrapper]:
        # Tortoise's in_transaction() acquires and then awaits BEGIN: cancelled in between, it keeps the connection
        # for ever. Here nothing lies between having a connection and being sure to give it back.
        # Tortoise's queries ask for its context: a copy, since a context remembers who entered it last.
        with copy(self._context):
            connection = await self._acquire()
            try:
                try:
                    await _starting(connection, begin)
                    yield self._orm_on(connection)
                    await connection.execute("COMMIT")
                except BaseException:
                    await _roll_back(connection)
                    raise
            finally:
                await self._pool.release(connection)

    async def _acquire(self) -> Any:
        try:
            async with asyncio.timeout(_SECONDS_TO_WAIT):  # a TimeoutError is an OSError
                return await self._pool.acquire()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise DatabaseUnavailableError from error

    def _orm_on(self, connection: Any) -> TransactionWrapper:
        wrapper = TransactionWrapper(self._client)
        wrapper._connection = connection  # noqa: SLF001  its constructor takes only a client's own connection
        return wrapper

    @property
    def _pool(self) -> asyncpg.Pool:
        pool = self._client._pool  # noqa: SLF001  Tortoise has no public way to its pool
        if pool is None:
            raise RuntimeError("the database is closed")
        return pool


async def _starting(connection: Any, begin: str) -> None:
    try:
        await connection.execute(begin)
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError) as error:  # the server has gone meanwhile
        raise DatabaseUnavailableError from error


async def _roll_back(connection: Any) -> None:
    try:
        if not connection.is_closed():
            await connection.execute("ROLLBACK")
    except BaseException:  # cancelled once more, or broken: nobody gets a connection with an open transaction
        connection.terminate()
        raise


def _begin(*, read_only: bool) -> str:
    return "BEGIN READ ONLY" if read_only else "BEGIN"


async def _nothing_to_reset(_: object) -> None:
    """Everything set is SET LOCAL, so a released connection holds no state: this saves asyncpg's round trip."""


def _listener(on_query: QueryLogger) -> Callable[[Any], Any]:
    async def listen(connection: Any) -> None:
        connection.add_query_logger(lambda record: on_query(record.query))

    return listen
