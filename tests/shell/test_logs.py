"""Logs are JSON lines that hold nothing secret or personal."""

import io
import json
import logging
from collections.abc import Iterator

import asyncpg
import pytest
import structlog

from api.logs import configure_logging, hide
from portal.clock import new_id
from portal.database import Database, DatabaseRole
from tests.turnable_clock import TurnableClock


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (root.handlers, root.level)
    stream = io.StringIO()
    configure_logging("api", stream=stream)
    yield stream
    root.handlers, level = before
    root.setLevel(level)
    structlog.reset_defaults()


def test_secret_and_personal_keys_are_hidden_at_any_depth() -> None:
    event = {
        "Authorization": "Bearer abc",
        "client_secret": "s",
        "request": {"headers": [{"cookie": "c"}], "To": "+14155550100", "Body": "hello", "path": "/graphql"},
        "count": 3,
    }
    assert hide(None, "info", event) == {
        "Authorization": "[hidden]",
        "client_secret": "[hidden]",
        "request": {"headers": [{"cookie": "[hidden]"}], "To": "[hidden]", "Body": "[hidden]", "path": "/graphql"},
        "count": 3,
    }


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("sent to +14155550100 at last", "sent to [hidden] at last"),
        ("GET /x?To=%2B14155550100", "GET /x?To=[hidden]"),
        ("Authorization was Bearer abc.def-ghi_jkl", "Authorization was Bearer [hidden]"),
        ("postgresql://portal:pass@db/portal", "postgresql://portal:[hidden]@db/portal"),
        ("alice@shop.example did it", "[hidden] did it"),
        ("took 1234567 ms on 2026-11-20T10:00:00+00:00", "took 1234567 ms on 2026-11-20T10:00:00+00:00"),
    ],
)
def test_what_looks_secret_is_hidden_in_any_text(said: str, shown: str) -> None:
    assert hide(None, "info", {"event": said}) == {"event": shown}


def test_a_library_and_a_traceback_are_one_clean_json_line_each(written: io.StringIO) -> None:
    logging.getLogger("some.library").warning("calling %s", "+14155550100")
    try:
        int("(+14155550100)")
    except ValueError:
        logging.getLogger("some.library").exception("failed")
    first, second = (json.loads(line) for line in written.getvalue().splitlines())
    assert (first["event"], first["level"], first["process"]) == ("calling [hidden]", "warning", "api")
    assert "invalid literal for int() with base 10: '([hidden])'" in second["exception"]
    assert "+1415" not in written.getvalue()


async def test_a_row_or_a_value_that_the_database_refuses_is_not_quoted(
    written: io.StringIO, database: Database, clock: TurnableClock
) -> None:
    # A table without row-level security: of the others PostgreSQL quotes no rows itself.
    insert = (
        "INSERT INTO mailed_link (secret_hash, person_id, purpose, email, created_at, expires_at) "
        "VALUES ('', $1, $2, 'alice', $3, $3)"
    )
    now = clock.now()
    for arguments in ((new_id(now), "ALICE,\nmeet me\n", now), ("Alice,\nmeet me\n", "a@b.example", now)):
        try:
            async with database.as_role(DatabaseRole.AUTH) as tx:
                await tx.execute(insert, *arguments)
        except asyncpg.PostgresError:
            logging.getLogger("portal").exception("failed")
    row, value = (json.loads(line)["exception"] for line in written.getvalue().splitlines())
    assert 'violates check constraint "mailed_link_purpose_check"\nDETAIL:  [hidden]' in row
    assert value.endswith("asyncpg.exceptions.DataError: [hidden]")
    assert "alice" not in written.getvalue().lower()
    assert "meet me" not in written.getvalue()
