"""Accepting 10,000 recipients in one send, against a bare COPY of the rows that it writes, in recipients a second."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from uuid import UUID

import asyncpg
import orjson

from benchmarks.comparing import Ratio, Say, Turn, Variant, compare, peak_memory
from benchmarks.lists import access_token, operation
from benchmarks.load import UnexpectedAnswerError, ask
from benchmarks.servers import portal
from benchmarks.stage import Stage, add_contacts, add_shop
from portal.clock import SystemClock
from portal.database import Database
from portal.encryption import SecretBox
from portal.global_ids import split_global
from portal_schema.nodes import to_global

RECIPIENTS = 10_000
_SEND = "mutation ($input: MessageSendInput!) { messageSend(input: $input) { batch { id accepted } } }"
_BATCH_OF = {"message_batch": "id = $1", "message": "batch_id = $1"}
_EVENTS = "message_id IN (SELECT id FROM message WHERE batch_id = $1)"


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows that a send wrote, as COPY takes them."""

    table: str
    columns: list[str]
    records: list[Sequence[object]]


async def bulk(stage: Stage, rounds: int, _: float, say: Say) -> list[Ratio]:
    """Compare them: each turn is one send, or one COPY into empty tables with the same columns and indexes."""
    connection = await asyncpg.connect(**stage.superuser.credentials())
    try:
        async with portal(stage) as server:
            request = await _request(stage, connection, server.port)
            wrote = await _rows_of(connection, await _send(server.port, *request))
            await connection.execute("CREATE SCHEMA bare")
            for rows in wrote:
                await connection.execute(f"CREATE TABLE bare.{rows.table} (LIKE {rows.table} INCLUDING ALL)")

            async def send() -> Turn:
                start = time.perf_counter()
                await _send(server.port, *request)
                return Turn(RECIPIENTS, time.perf_counter() - start)

            async def copy() -> Turn:
                await connection.execute(f"TRUNCATE {', '.join(f'bare.{rows.table}' for rows in wrote)}")
                start = time.perf_counter()
                async with connection.transaction():
                    for rows in wrote:
                        await connection.copy_records_to_table(
                            rows.table, schema_name="bare", columns=rows.columns, records=rows.records
                        )
                return Turn(RECIPIENTS, time.perf_counter() - start)

            variants = [
                Variant(f"a send to {RECIPIENTS:,} contacts", send, server.pid),
                Variant("a bare COPY of the same rows", copy),
            ]
            ratios = await compare("bulk", variants, rounds, say)
            say(f"bulk       the portal's memory at its most: {peak_memory(server.pid)} MiB")
    finally:
        await connection.execute("DROP SCHEMA IF EXISTS bare CASCADE")
        await connection.close()
    return ratios


async def _request(stage: Stage, connection: asyncpg.Connection, port: int) -> tuple[str, list[str]]:
    """A tenant of its own with as many contacts: its access token, and their ids."""
    database = await Database.connect(stage.login)
    try:
        chance = Random(stage.seed)
        tenant = await add_shop(database, SecretBox(stage.secret), chance, 9)
    finally:
        await database.close()
    contacts = await add_contacts(connection, tenant.id, chance, SystemClock().now(), RECIPIENTS)
    await connection.execute("VACUUM ANALYZE contact")
    return await access_token(stage, port, tenant), [str(to_global("Contact", key)) for key in contacts]


async def _send(port: int, token: str, contact_ids: list[str]) -> UUID:
    """The batch that one send to all of them makes."""
    given = {
        "idempotencyKey": secrets.token_hex(16),
        "recipients": {"contactIds": contact_ids},
        "body": "Hello {{name}}, your bike is ready: come and get it until six. Reply STOP to opt out.",
    }
    answer = await ask(port, operation({"query": _SEND, "variables": {"input": given}}, token))
    batch = orjson.loads(answer)["data"]["messageSend"]["batch"]
    if batch["accepted"] != RECIPIENTS:
        raise UnexpectedAnswerError(f"{batch['accepted']} of {RECIPIENTS} were accepted")
    key = split_global(batch["id"])
    if key is None:
        raise UnexpectedAnswerError("the batch has no id")
    return key[1]


async def _rows_of(connection: asyncpg.Connection, batch_id: UUID) -> list[_Rows]:
    found = []
    for table, condition in {**_BATCH_OF, "message_event": _EVENTS}.items():
        written = "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND attgenerated = ''"
        columns = [row[0] for row in await connection.fetch(written, table)]
        sql = f"SELECT {', '.join(columns)} FROM {table} WHERE {condition}"  # noqa: S608  columns of our own tables
        found.append(_Rows(table, columns, [tuple(row) for row in await connection.fetch(sql, batch_id)]))
    return found
