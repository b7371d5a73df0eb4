"""`portal audit`: what is in order ends with 0, what is not is named and ends with 1."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from auth.permissions import TenantRole
from portal.audit.chain import Entry
from portal.database import Database
from portal.database.address import DatabaseAddress
from portal.global_ids import split_global
from tests.audit.log import NAMES, AuditLog, as_superuser
from tests.product import SECRET, Product
from tests.turnable_clock import TurnableClock

MEMBERS = "{ members { id role person { id } } }"
DEMOTE = "mutation ($id: ID!) { memberRoleChange(id: $id, role: DEVELOPER) { errors { code } } }"


@dataclass
class Ended:
    """What a command said, and how it ended."""

    code: int
    out: bytes
    told: str


@dataclass
class Shell:
    """Runs the command on a test's database."""

    environment: dict[str, str]
    folder: Path

    async def run(self, *line: str, said: str = "") -> Ended:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "api.command", "audit", *line),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | self.environment,
        )
        out, told = await process.communicate(said.encode())
        return Ended(process.returncode or 0, out, " ".join(told.decode().split()))


@pytest.fixture
def shell(address: DatabaseAddress, tmp_path: Path) -> Shell:
    settings = {"DATABASE_URL": address.url(), "SECRET_KEY": SECRET, "PORTAL_HOME": str(tmp_path / "home")}
    return Shell(settings, tmp_path)


async def _slug(log: AuditLog) -> str:
    async with log.database.for_tenant(log.tenant_id) as tx:
        return str(await tx.value("SELECT slug FROM tenant WHERE id = $1", log.tenant_id))


async def test_logs_that_nobody_touched_are_verified_one_by_one(
    audit_log: AuditLog, database: Database, clock: TurnableClock, shell: Shell
) -> None:
    other = await AuditLog.of(database, clock)
    await audit_log.write(3)
    await other.write(1)
    await audit_log.seal()
    await audit_log.write(2)
    slugs = [await _slug(audit_log), await _slug(other)]
    told = {
        f"{slugs[0]}: 5 entries in 1 seals, 2 not sealed yet",
        f"{slugs[1]}: 1 entries in 1 seals, 0 not sealed yet",
    }
    ended = await shell.run("verify")
    assert (ended.code, ended.told) == (0, "")
    assert set(ended.out.decode().splitlines()) == told | {"All is as it was written."}
    one = await shell.run("verify", "--tenant", slugs[1])
    assert one.out.decode().splitlines() == [
        f"{slugs[1]}: 1 entries in 1 seals, 0 not sealed yet",
        "All is as it was written.",
    ]


async def test_what_was_changed_is_named_and_ends_with_1(
    audit_log: AuditLog, superuser: DatabaseAddress, address: DatabaseAddress, shell: Shell
) -> None:
    written = await audit_log.write(3)
    await audit_log.seal()
    await as_superuser(superuser, address, "UPDATE audit_entry SET actor_id = id WHERE id = $1", written[1])
    ended = await shell.run("verify")
    slug = await _slug(audit_log)
    assert ended.code == 1
    assert ended.out.decode().splitlines() == [
        f"{slug}: entry {written[1]}: it was changed: it is not what its digest was made of",
        f"{slug}: 3 entries in 1 seals, 0 not sealed yet",
    ]
    assert ended.told == "1 findings: what they name is not as the portal wrote it."


async def test_another_secret_verifies_nothing(audit_log: AuditLog, shell: Shell) -> None:
    await audit_log.write(1)
    await audit_log.seal()
    shell.environment["SECRET_KEY"] = "another secret of enough characters"
    ended = await shell.run("verify")
    assert ended.code == 1
    assert b"seal 1: its signature is not the portal's: it was changed, or made with another secret" in ended.out


async def test_an_export_is_verified_without_the_database(audit_log: AuditLog, shell: Shell) -> None:
    await audit_log.write(4)
    await audit_log.seal()
    await audit_log.write(1)
    slug = await _slug(audit_log)
    exported = await shell.run("export", "--tenant", slug)
    assert (exported.code, exported.told) == (0, "")
    lines = exported.out.splitlines(keepends=True)
    assert [orjson.loads(line)["record"] for line in lines] == [*["entry"] * 4, "seal", "entry", "ending"]
    assert orjson.loads(lines[0])["actor_name"] == NAMES[0]
    file = shell.folder / "log.jsonl"
    shell.environment["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/nothing"
    for kept, code, word in (
        (lines, 0, "log.jsonl: 5 entries in 1 seals, 1 not sealed yet"),
        (lines[:-1], 1, "log.jsonl: the end is missing: the file was cut off"),
        (lines[1:], 1, "log.jsonl: seal 1: it sealed 4 entries, but there are 3: one was removed or put in"),
        ([*lines[:3], b"{}\n"], 1, "log.jsonl: line 4 is no record of an export: it was changed or cut off, or is no"),
        ([], 1, "log.jsonl is empty"),
    ):
        file.write_bytes(b"".join(kept))
        ended = await shell.run("verify", "--file", str(file))
        assert ended.code == code, ended
        assert word in ended.out.decode() + ended.told


async def test_a_tenant_that_is_not_there_and_a_database_that_is_not_there_are_said_plainly(shell: Shell) -> None:
    for command in ("verify", "export"):
        ended = await shell.run(command, "--tenant", "nobody")
        assert (ended.code, ended.out) == (1, b"")
        assert ended.told == "There is no tenant nobody: --tenant takes a tenant's short name."
    shell.environment["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/nothing"
    ended = await shell.run("verify")
    assert ended.code == 1
    assert "The database at 127.0.0.1:1 does not answer: start it, or correct DATABASE_URL." in ended.told


async def test_a_person_is_erased_once_that_is_confirmed(audit_log: AuditLog, shell: Shell) -> None:
    await audit_log.write(2)
    line = ("erase", "--tenant", await _slug(audit_log), "--person", str(audit_log.people[0]))
    assert (await shell.run(*line, said="n\n")).code == 1
    names = [one.content["actor_name"] for one in await audit_log.trail() if isinstance(one, Entry)]
    assert names == list(NAMES)
    ended = await shell.run(*line, said="y\n")
    assert ended.code == 0, ended
    names = [one.content["actor_name"] for one in await audit_log.trail() if isinstance(one, Entry)]
    assert names == [None, NAMES[1], "portal audit"]
    assert await audit_log.problems() == []


async def test_what_others_did_with_a_person_is_erased_too(product: Product, shell: Shell) -> None:
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    await product.member(tenant.id, TenantRole.SUPPORT)
    (member,) = [one for one in (await owner.run(MEMBERS))["members"] if one["role"] == "SUPPORT"]
    await owner.run(DEMOTE, id=member["id"])
    found = split_global(member["person"]["id"])
    assert found is not None
    log = AuditLog(product.database, product.clock, tenant.id, [])
    ended = await shell.run("erase", "--tenant", await _slug(log), "--person", str(found[1]), said="y\n")
    assert ended.code == 0, ended
    entries = (await owner.run("{ auditLog { nodes { action changes erasedAt } } }"))["auditLog"]["nodes"]
    by_action = {one["action"]: one for one in entries}
    assert set(by_action) == {"personErase", "memberRoleChange"}
    assert by_action["memberRoleChange"]["changes"] is None
    assert by_action["memberRoleChange"]["erasedAt"] is not None
    assert await log.problems() == []
