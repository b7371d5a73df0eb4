"""The operator's commands for applications and keys, as they are typed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal.database import Database, DatabaseRole
from portal.database.address import DatabaseAddress

pytestmark = pytest.mark.usefixtures("database")
PORTAL = Path(sys.executable).with_name("portal")
HELPER = ("add", "Booking helper", "--redirect-uri", "https://app.example.com/cb", "--scope", "usage:read")


def _run(address: DatabaseAddress, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "DATABASE_URL": address.url(),
        "SECRET_KEY": "a made-up secret of enough characters",
        "PORTAL_HOME": "/nonexistent",
        "COLUMNS": "200",
    }
    return subprocess.run([PORTAL, *arguments], env=environment, capture_output=True, text=True, check=False)


async def _stored(database: Database) -> list[dict[str, object]]:
    async with database.as_role(DatabaseRole.AUTH, read_only=True) as tx:
        return [dict(row) for row in await tx.rows("SELECT * FROM oauth_application ORDER BY created_at")]


async def test_a_confidential_application_is_registered_and_its_secret_shown_once(
    address: DatabaseAddress, database: Database
) -> None:
    added = _run(address, "applications", *HELPER, "--authentication", "client_secret_basic")
    assert (added.returncode, added.stderr) == (0, "")
    client_id, secret = added.stdout.split()[1], added.stdout.split()[3]
    (stored,) = await _stored(database)
    assert (stored["client_id"], stored["name"], stored["scopes"]) == (client_id, "Booking helper", ["usage:read"])
    assert secret.startswith("portal_secret_")
    assert secret not in str(stored)
    listed = _run(address, "applications", "list")
    assert listed.stdout == f"{client_id}  Booking helper  for tenants  CLIENT_SECRET_BASIC  usage:read\n"


async def test_an_application_is_disabled_once(address: DatabaseAddress, database: Database) -> None:
    client_id = _run(address, "applications", *HELPER).stdout.split()[1]
    assert _run(address, "applications", "disable", client_id).returncode == 0
    (stored,) = await _stored(database)
    assert stored["disabled_at"] is not None
    again = _run(address, "applications", "disable", client_id)
    assert again.returncode == 1
    assert "there is no such application, or it is disabled already" in again.stderr
    assert "disabled" in _run(address, "applications", "list").stdout


async def test_what_must_not_be_registered_is_refused_and_said(address: DatabaseAddress, database: Database) -> None:
    for arguments, code, said in (
        ((*HELPER, "--redirect-uri", "http://app.example.com/cb"), 1, "a redirect URI is https://…"),
        ((*HELPER, "--scope", "everything"), 2, "there is no scope everything"),
    ):
        refused = _run(address, "applications", *arguments)
        assert (refused.returncode, said in refused.stderr, "Traceback" in refused.stderr) == (code, True, False)
    assert await _stored(database) == []


async def test_the_keys_are_rotated_once_there_is_one(address: DatabaseAddress, database: Database) -> None:
    early = _run(address, "keys", "rotate")
    assert (early.returncode, "there is no key yet" in early.stderr) == (1, True)
    async with database.as_role(DatabaseRole.AUTH) as tx:
        await tx.execute(
            "INSERT INTO signing_key (kid, public_jwk, private_key, created_at, signs_from) "
            "VALUES ('old', '{}', '', '2020-01-01', '2020-01-01')"
        )
    rotated = _run(address, "keys", "rotate")
    assert rotated.returncode == 0
    assert "signs in ten minutes" in rotated.stdout
    async with database.as_role(DatabaseRole.AUTH) as tx:
        rows = await tx.rows("SELECT kid, retired_at, signs_from FROM signing_key ORDER BY signs_from")
    assert [row["kid"] == "old" for row in rows] == [True, False]
    assert rows[0]["retired_at"] == rows[1]["signs_from"]
