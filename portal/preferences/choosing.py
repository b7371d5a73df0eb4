"""What a consumer has chosen, and what a new choice changes: it holds from the next send on, and stays as evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import NamedTuple

from portal.contacts.consent import Choices, ConsentStatement, ConsentStatus, record_consent
from portal.contacts.consumers import COLUMNS, Consumer, consumer_row
from portal.contacts.preferences import ContactChannel, QuietHours
from portal.contacts.suppressions import SuppressionSource, suppress
from portal.database import TenantTransaction
from portal.messages.canceling import cancel_to

_SOURCE = "preference page"


class NotChosenError(ValueError):
    """The form cannot be taken as it is; the message tells people why."""


class Standing(NamedTuple):
    """How a consumer stands with a tenant."""

    tenant: str
    topics: tuple[str, ...]  # the tenant's
    consumer: Consumer

    @property
    def shown(self) -> str:
        """What saving means, as the page says it and the evidence keeps it."""
        return f"By saving you tell {self.tenant} to reach you only as chosen here, until you change it or answer STOP."


@dataclass(frozen=True, slots=True)
class Choice:
    """What a consumer chose."""

    channel: ContactChannel
    declined_topics: tuple[str, ...]
    quiet: QuietHours | None

    @classmethod
    def of(cls, fields: Mapping[str, str], topics: Sequence[str]) -> "Choice":
        """What the page's form says.

        Raises:
            NotChosenError: no channel is chosen, or the quiet hours are no hours.
        """
        try:
            channel = ContactChannel(fields.get("channel", ""))
        except ValueError:
            raise NotChosenError("Choose how you want to be reached.") from None
        begin, end = fields.get("quiet-from", ""), fields.get("quiet-until", "")
        declined = tuple(topic for topic in topics if f"topic {topic}" not in fields)
        return cls(channel, declined, _hours(begin, end) if begin or end else None)


def _hours(begin: str, end: str) -> QuietHours:
    try:
        hours = QuietHours(time.fromisoformat(begin), time.fromisoformat(end))
    except ValueError:
        raise NotChosenError("Give both a beginning and an end of your quiet hours, such as 21:00 and 08:00.") from None
    if hours.begin.tzinfo or hours.end.tzinfo or hours.begin == hours.end:
        raise NotChosenError("Quiet hours end at another time than they begin; to hear nothing, choose that above.")
    return hours


async def read_standing(tx: TenantTransaction, number: str) -> Standing | None:
    """How the consumer of this number stands with the tenant, in one statement; None where the tenant is no more."""
    row = await tx.row(
        f"SELECT tenant.name, tenant_settings.topics, {COLUMNS} FROM tenant "  # noqa: S608  constants
        "LEFT JOIN tenant_settings ON tenant_settings.tenant_id = tenant.id "
        "LEFT JOIN suppression ON suppression.tenant_id = tenant.id AND suppression.number = $2 "
        "LEFT JOIN consumer ON consumer.tenant_id = tenant.id AND consumer.number = $2 WHERE tenant.id = $1",
        *(tx.tenant_id, number),
    )
    return None if row is None else Standing(row["name"], tuple(row["topics"] or ()), consumer_row(row))


async def choose(
    tx: TenantTransaction, number: str, choice: Choice, shown: str, *, address: str | None, now: datetime
) -> None:
    """Let a choice hold. Nothing is a suppression until another choice; a STOP is taken back by START alone.

    Args:
        tx: the tenant's transaction.
        number: whose choice it is.
        choice: what they chose.
        shown: what the page said.
        address: the network that they did it from, masked.
        now: the present instant.
    """
    if choice.channel is ContactChannel.NONE:
        await suppress(tx, number, SuppressionSource.PREFERENCE, now=now)
    else:
        sql = "DELETE FROM suppression WHERE tenant_id = $1 AND number = $2 AND source = 'PREFERENCE'"
        await tx.execute(sql, tx.tenant_id, number)
    begin, end = choice.quiet or (None, None)
    await tx.execute(
        "INSERT INTO consumer (tenant_id, number, channel, declined_topics, quiet_from, quiet_until) "
        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, number) DO UPDATE SET channel = excluded.channel, "
        "declined_topics = excluded.declined_topics, quiet_from = excluded.quiet_from, "
        "quiet_until = excluded.quiet_until",
        *(tx.tenant_id, number, choice.channel.value, list(choice.declined_topics), begin, end),
    )
    status = ConsentStatus.WITHDRAWN if choice.channel is ContactChannel.NONE else ConsentStatus.GIVEN
    told = Choices(
        choice.channel.value,
        choice.declined_topics,
        None if begin is None else f"{begin:%H:%M}",
        None if end is None else f"{end:%H:%M}",
    )
    statement = ConsentStatement(status, _SOURCE, shown)
    await record_consent(tx, [number], statement, None, now=now, choices=told, address=address)
    if choice.channel is not ContactChannel.SMS:
        await cancel_to(tx, [number], now=now)
