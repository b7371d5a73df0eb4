"""`portal audit`: verify the audit logs, export one, erase a person from one."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from api.announcement import say, tell
from api.failures import PortalError, plainly
from api.home import encryption_key
from api.logs import configure_logging
from api.settings import Settings, load_settings
from auth.people import traces_of
from portal.actor import Actor, ActorKind
from portal.audit.chain import SIGNS, Entry
from portal.audit.entries import Origin
from portal.audit.erasing import ErasedPerson, erase_person
from portal.audit.trail import NoRecordError, export_lines, read_lines, read_trail
from portal.audit.verifying import Verification
from portal.clock import SystemClock
from portal.database import Database, DatabaseRole, TenantTransaction
from portal.encryption import Signer
from portal.tenants.tenants import TenantName, find_tenants

_TOLD_EVERY = 10_000
_ITSELF = Actor(ActorKind.SYSTEM, UUID(int=0), "portal audit")

audit = typer.Typer(no_args_is_help=True, help="Verify the audit logs, export one, erase a person from one.")
_SLUG = typer.Option(help="The tenant's short name.")
_FILE = typer.Option(exists=True, dir_okay=False, help="An export, to be verified in place of the database.")
Work = Callable[[Database, Signer], Awaitable[None]]


@audit.command()
def verify(tenant: Annotated[str | None, _SLUG] = None, file: Annotated[Path | None, _FILE] = None) -> None:
    """Check every entry, seal and signature again; ends with 1 where something is wrong."""
    if file is not None:
        settings = load_settings()
        plainly(lambda: _verify_file(file, _signer(settings)), settings, None)
    else:
        _run(lambda database, signer: _verify_all(database, signer, tenant))


@audit.command()
def export(tenant: Annotated[str, _SLUG]) -> None:
    """Write a tenant's log to standard output as JSON Lines, for keeping and for `verify --file`."""
    _run(lambda database, signer: _export(database, signer, tenant))


@audit.command()
def erase(
    tenant: Annotated[str, _SLUG], person: Annotated[UUID, typer.Option(help="The person's id in the database.")]
) -> None:
    """Erase a person's name, address and changes from a tenant's log, for good; the log stays provable."""
    typer.confirm("What is erased never comes back. Go on?", abort=True)
    _run(lambda database, signer: _erase(database, signer, tenant, person))


async def _verify_all(database: Database, signer: Signer, slug: str | None) -> None:
    wrong = 0
    for tenant in await _tenants(database, slug):
        verification = Verification(signer, tenant.id)
        async for record in read_trail(partial(_reading, database, tenant.id)):
            wrong += _found(tenant.slug, verification.take(record))
            if isinstance(record, Entry) and verification.entries % _TOLD_EVERY == 0:
                tell(f"{tenant.slug}: {verification.entries:,} entries …")
        wrong += _found(tenant.slug, verification.finish())
        say(f"{tenant.slug}: {_summary(verification)}")
    _judge(wrong)


def _verify_file(path: Path, signer: Signer) -> None:
    wrong, verification = 0, None
    try:
        with path.open("rb") as lines:
            for record in read_lines(lines):
                tenant_id = record.content["tenant_id"] if isinstance(record, Entry) else record.tenant_id
                verification = verification or Verification(signer, tenant_id)
                wrong += _found(path.name, verification.take(record))
                if isinstance(record, Entry) and verification.entries % _TOLD_EVERY == 0:
                    tell(f"{path.name}: {verification.entries:,} entries …")
    except NoRecordError as error:
        raise PortalError(f"{path.name}: {error}: it was changed or cut off, or is no export.") from error
    if verification is None:
        raise PortalError(f"{path.name} is empty: name a file that `portal audit export` or the page's download wrote.")
    wrong += _found(path.name, verification.finish(exported=True))
    say(f"{path.name}: {_summary(verification)}")
    _judge(wrong)


async def _export(database: Database, signer: Signer, slug: str) -> None:
    (tenant,) = await _tenants(database, slug)
    begin = partial(_reading, database, tenant.id)
    async for line in export_lines(begin, signer, SystemClock(), tenant.id):
        sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


async def _erase(database: Database, signer: Signer, slug: str, person_id: UUID) -> None:
    from portal_schema.nodes import to_global  # noqa: PLC0415  the other commands do not pay for it

    (tenant,) = await _tenants(database, slug)
    async with database.as_role(DatabaseRole.AUTH, read_only=True) as tx:
        traces = await traces_of(tx, tenant.id, person_id)
    targets = [to_global("Person", person_id), *(to_global("Member", one) for one in traces.memberships)]
    targets += [to_global("Invitation", one) for one in traces.invitations]
    person = ErasedPerson(tenant.id, person_id, targets)
    count = await erase_person(database, signer, person, Origin(_ITSELF, "command line"), now=SystemClock().now())
    say(f"{tenant.slug}: {count} entries blanked")


async def _tenants(database: Database, slug: str | None) -> list[TenantName]:
    async with database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
        found = await find_tenants(tx, slug)
    if slug is not None and not found:
        raise PortalError(f"There is no tenant {slug}: --tenant takes a tenant's short name.")
    return found


@asynccontextmanager
async def _reading(database: Database, tenant_id: UUID) -> AsyncIterator[TenantTransaction]:
    async with database.for_tenant(tenant_id, role=DatabaseRole.WORKER, read_only=True) as tx:
        yield tx


def _found(where: str, problems: Iterable[str]) -> int:
    found = list(problems)
    for problem in found:
        say(f"{where}: {problem}")
    return len(found)


def _summary(verification: Verification) -> str:
    told = f"{verification.entries:,} entries in {verification.seals:,} seals, {verification.unsealed:,} not sealed yet"
    return told + (f", {verification.erased:,} erased" if verification.erased else "")


def _judge(wrong: int) -> None:
    if wrong:
        raise PortalError(f"{wrong:,} findings: what they name is not as the portal wrote it.")
    say("All is as it was written.")


def _signer(settings: Settings) -> Signer:
    return Signer(encryption_key(settings).get_secret_value(), SIGNS)


def _run(work: Work) -> None:
    settings = load_settings()
    configure_logging("audit", settings.log_format, sys.stderr)

    async def connected() -> None:
        database = await Database.connect(settings.database(), pool_size=1)
        try:
            await work(database, _signer(settings))
        finally:
            await database.close()

    plainly(lambda: asyncio.run(connected()), settings, None)
