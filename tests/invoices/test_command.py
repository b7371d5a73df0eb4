"""`portal bill`: verify offline, generate and export; what is wrong is named, and the exit code says so."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from portal.database import Database, DatabaseRole
from portal.database.address import DatabaseAddress
from tests.invoices.months import SILVER
from tests.invoices.stored_usage import make_customer, make_plan
from tests.product import SECRET
from tests.waiting import until


@dataclass
class Ended:
    """What a command said, and how it ended."""

    code: int
    out: str
    told: str


async def run(environment: dict[str, str], *line: str) -> Ended:
    """Run the command with nothing but this environment."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "api.command", "bill", *line),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.environ["PATH"], **environment},
    )
    out, told = await process.communicate()
    return Ended(process.returncode or 0, " ".join(out.decode().split()), " ".join(told.decode().split()))


@pytest.fixture
def settings(address: DatabaseAddress, tmp_path: Path) -> dict[str, str]:
    return {"DATABASE_URL": address.url(), "SECRET_KEY": SECRET, "PORTAL_HOME": str(tmp_path / "home")}


async def test_a_month_is_made_and_exported_and_each_bill_is_verified_without_settings_or_database(
    database: Database, settings: dict[str, str], tmp_path: Path
) -> None:
    silver = await make_plan(database, "Silver", SILVER)
    for _ in range(2):
        await make_customer(database, silver)
    made = await run(settings, "generate", "--month", "2026-10")
    assert (made.code, made.out) == (0, "2026-10: 2 of 2 tenants are done, 0 failed."), made.told
    folder = tmp_path / "bills"
    assert (await run(settings, "export", str(folder), "--month", "2026-10")).code == 0
    assert sorted(file.name for file in folder.iterdir()) == [
        f"INV-00000{number}.{ending}" for number in (1, 2) for ending in ("csv", "json", "pdf")
    ]
    bill = folder / "INV-000001.json"
    agrees = await run({}, "verify", str(bill))
    assert (agrees.code, agrees.out) == (0, "INV-000001 for 2026-10 agrees: 1 line adds up to USD 49.00."), agrees.told
    bill.write_bytes(bill.read_bytes().replace(b'"fee": "49"', b'"fee": "48"'))
    differs = await run({}, "verify", str(bill))
    assert differs.code == 1
    assert 'lines[0].amount: it says "49", and it comes to "48"' in differs.told
    assert "snapshotDigest: it says" in differs.told


async def test_what_is_no_bill_or_no_month_is_told_so(settings: dict[str, str], tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text('{"format": "letter"}')
    unreadable = await run({}, "verify", str(other))
    assert (unreadable.code, unreadable.told) == (
        2,
        "other.json is no bill that can be rated: this is no bill: its format is not bill/1.",
    )
    for given, said in (("2026-13", "2026-13 is no month"), ("2999-01", "2999-01 is not over yet")):
        refused = await run(settings, "generate", "--month", given)
        assert refused.code == 1
        assert said in refused.told


async def test_a_command_that_is_killed_in_the_middle_leaves_whole_invoices_and_the_next_makes_the_rest(
    database: Database, settings: dict[str, str]
) -> None:
    silver = await make_plan(database, "Silver", SILVER)
    for _ in range(120):
        await make_customer(database, silver)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "api.command", "bill", "generate", "--month", "2026-10"),
        stderr=asyncio.subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], **settings},
    )

    async def has_begun() -> bool:
        return await _value(database, "SELECT coalesce(max(done), 0) FROM invoice_run") > 0

    await until(has_begun)
    process.kill()
    await process.wait()
    done = await _value(database, "SELECT done FROM invoice_run")
    assert await _value(database, "SELECT count(*) FROM invoice") == done
    assert (await run(settings, "generate", "--month", "2026-10")).code == 0
    assert await _value(database, "SELECT count(*) FROM invoice") == 120
    assert await _value(database, "SELECT count(DISTINCT number) FROM invoice WHERE number <= 'INV-000120'") == 120
    assert await _value(database, "SELECT count(*) FROM invoice_run") == (1 if done < 120 else 2)


async def _value(database: Database, sql: str) -> int:
    async with database.as_role(DatabaseRole.OPERATOR, read_only=True) as tx:
        return int(await tx.value(sql))
