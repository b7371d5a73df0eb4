"""`portal sweep`: asks the provider now about all that stays silent, and says what that brought."""

from typing import Annotated

import typer

from api.announcement import say_table, tell
from api.failures import PortalError
from api.home import encryption_key
from api.logs import configure_logging
from api.on_database import on_database
from api.settings import Settings
from portal.clock import SystemClock
from portal.database import Database, DatabaseRole
from portal.encryption import SecretBox
from portal.sweep.sweeper import Sweeper, Swept, count_silent
from portal.tenants.accounts import ProviderAccounts
from portal.tenants.tenants import TenantName, find_tenants
from twilio_gateway.gateway import TwilioGateway


def sweep(
    tenant: Annotated[str | None, typer.Option(help="The tenant's short name; all tenants unless given.")] = None,
) -> None:
    """Ask the provider now about silent messages and for what was missed; ends with 1 where it did not answer."""

    async def ask(database: Database, settings: Settings) -> None:
        configure_logging("sweep", settings.log_format)
        async with database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
            tenants = await find_tenants(tx, tenant)
        if tenant is not None and not tenants:
            raise PortalError(f"There is no tenant {tenant}: --tenant takes a tenant's short name.")
        clock = SystemClock()
        box = SecretBox(encryption_key(settings).get_secret_value())
        accounts = ProviderAccounts(database, box, clock)
        async with TwilioGateway.open(settings.simulator_url if settings.simulated else None) as gateway:
            sweeper = Sweeper(database, gateway.messages, gateway.inbound_log, accounts, clock)
            await _sweep_all(database, sweeper, tenants)

    on_database(ask)


async def _sweep_all(database: Database, sweeper: Sweeper, tenants: list[TenantName]) -> None:
    rows, missed = [], 0
    for tenant in tenants:

        def told(done: Swept, slug: str = tenant.slug) -> None:
            tell(f"{slug}: {done.asked:,} asked about …")

        done = await sweeper.sweep_now(tenant.id, told)
        async with database.for_tenant(tenant.id, read_only=True) as tx:
            silent = await count_silent(tx)
        missed += done.problem is not None or done.unanswered > 0
        rows.append(
            (tenant.slug, done.asked, done.repaired, done.received, silent, done.unanswered, done.problem or "")
        )
    say_table(("Tenant", "Asked", "Repaired", "Received", "Still silent", "Not answered", "Problem"), rows)
    if missed:
        raise PortalError(f"Not everything could be asked about, of {missed:,} tenants: run it again in a while.")
