"""The number that a message is sent from: the tenant's own, and ready."""

from uuid import UUID

from portal.database import TenantTransaction
from portal.messages.channels import MessageChannel
from portal.messages.refusals import SendProblem
from portal.problems import refuse
from portal.tenants.tenants import TenantState

_FIRST_READY = (
    "(SELECT number FROM number WHERE tenant_id = $1 AND ready AND $4 = ANY(capabilities) "
    "AND ($3::uuid IS NULL OR id = $3) ORDER BY number = $2 DESC NULLS LAST, id LIMIT 1)"
)


async def find_ready(tx: TenantTransaction, channel: MessageChannel, sender_id: UUID | None) -> str | None:
    """The number with this id, or the first of the tenant's, if it is ready."""
    number: str | None = await tx.value(f"SELECT {_FIRST_READY}", tx.tenant_id, None, sender_id, channel)
    return number


async def find_sender(
    tx: TenantTransaction,
    channel: MessageChannel = MessageChannel.SMS,
    rather: str | None = None,
    *,
    sender_id: UUID | None = None,
) -> str:
    """The tenant's number to send from: the one with this id, or the first that is ready.

    Args:
        tx: the tenant's transaction.
        channel: what it has to be able to carry.
        rather: the number that it had better be, as long as it is the tenant's and ready.
        sender_id: the number that it has to be.

    Raises:
        RefusedError: the tenant sends nothing, or has no such number, or none that is ready.
    """
    row = await tx.row(
        f"SELECT state, {_FIRST_READY} AS ready, EXISTS "  # noqa: S608  a constant
        "(SELECT FROM number WHERE tenant_id = $1 AND id = $3) AS is_own, EXISTS "
        "(SELECT FROM number WHERE tenant_id = $1 AND ready AND (id = $3 OR $3::uuid IS NULL)) AS is_ready "
        "FROM tenant WHERE id = $1",
        tx.tenant_id,
        rather,
        sender_id,
        channel,
    )
    if row is None or row["state"] != TenantState.ACTIVE:
        raise refuse(SendProblem.TENANT_NOT_ACTIVE, "Sending is stopped for this company: ask support.")
    if row["ready"] is not None:
        return str(row["ready"])
    if row["is_ready"] and channel is MessageChannel.MMS:
        no_media = "No number to send from can send media: take another one, or leave them out."
        raise refuse(SendProblem.SENDER_NOT_READY, no_media, *(() if sender_id is None else ("senderId",)))
    if sender_id is None:
        none = "There is no number to send from yet: finish the onboarding first."
        raise refuse(SendProblem.NO_SENDER, none)
    if not row["is_own"]:
        raise refuse(SendProblem.NOT_FOUND, "There is no such number.", "senderId")
    not_yet = "This number cannot send messages yet: take another one, or wait until its registration is through."
    raise refuse(SendProblem.SENDER_NOT_READY, not_yet, "senderId")
