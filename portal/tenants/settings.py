"""What a tenant sets for itself: the words that answer keywords, and how long raw callbacks are kept."""

from dataclasses import dataclass

from portal.database import TenantTransaction

_COLUMNS = "help_text, stop_text, start_text, callback_days"


@dataclass(frozen=True, slots=True)
class TenantSettings:
    """A tenant's settings; a tenant that has set none has these."""

    help_text: str = "Reply STOP to get no more messages from us. Message and data rates may apply."
    stop_text: str = "You will get no more messages from us. Reply START to get them again."
    start_text: str = "You will get our messages again. Reply HELP for help, STOP to stop them."
    callback_days: int = 30


async def read_settings(tx: TenantTransaction) -> TenantSettings:
    """The tenant's settings."""
    row = await tx.row(f"SELECT {_COLUMNS} FROM tenant_settings WHERE tenant_id = $1", tx.tenant_id)  # noqa: S608  constants
    return TenantSettings() if row is None else TenantSettings(*row)
