"""Failures are said plainly, with the mend and without a traceback."""

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from api.failures import PortalError, in_plain_words
from api.settings import Settings
from portal.database.embedded import EmbeddedServerError

SETTINGS = Settings.model_validate(
    {"database_url": "postgresql://portal:the-password@db.example:5432/portal", "portal_home": "/srv/portal"}
)


def caused_by(cause: Exception) -> Exception:
    error = RuntimeError("outer")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            OSError(errno.ENOSPC, "No space"),
            "The disk is full: make room, or move PORTAL_HOME (/srv/portal) to another disk.",
        ),
        (
            caused_by(asyncpg.DiskFullError("no room")),
            "The disk is full: make room, or move PORTAL_HOME (/srv/portal) to another disk.",
        ),
        (
            ConnectionRefusedError(errno.ECONNREFUSED, "refused"),
            "The database at db.example:5432 does not answer: start it, or correct DATABASE_URL. See the log above",
        ),
        (
            ExceptionGroup("many", [caused_by(asyncpg.InvalidPasswordError("the-password"))]),
            "The database at db.example:5432 refuses the login: correct user, password and name in DATABASE_URL.",
        ),
        (
            caused_by(asyncpg.InvalidCatalogNameError("no such database")),
            "The database at db.example:5432 refuses the login: correct user, password and name in DATABASE_URL.",
        ),
        (
            caused_by(asyncpg.InsufficientPrivilegeError("permission denied")),
            (
                "The database user may not do this: DATABASE_OWNER_URL has to name a user that may create roles "
                "(CREATEROLE) and tables. The statement is in the log above"
            ),
        ),
        (EmbeddedServerError("It does not start."), "It does not start."),
        (PortalError("The worker died."), "The worker died."),
        (
            ZeroDivisionError(),
            "The portal met an error of its own (ZeroDivisionError); the traceback is in the log above",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_failure_is_said_in_plain_words(error: Exception, said: str) -> None:
    assert in_plain_words(error, SETTINGS, None) == said


def test_a_database_that_is_down_ends_a_command_with_1_and_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]  # bound, and nobody listens
        url = f"postgresql://portal:the-password@127.0.0.1:{port}/portal"
        ended = subprocess.run(
            [sys.executable, "-m", "api.command", "migrate"],
            env={**os.environ, "DATABASE_URL": url, "PORTAL_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 1
    said = ended.stderr.splitlines()[-1]
    assert said == (
        f"The database at 127.0.0.1:{port} does not answer: start it, or correct DATABASE_URL. See the log above"
    )
    assert "the-password" not in ended.stderr
