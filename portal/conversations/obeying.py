"""Does what keywords ask for: the number goes onto the suppression list or off it, and the tenant's words answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from portal.actor import Actor, ActorKind
from portal.clock import ids_at, new_id
from portal.contacts.consent import ConsentStatement, ConsentStatus, record_consent
from portal.contacts.suppressions import SuppressionSource, release, suppress
from portal.conversations.keywords import Keyword
from portal.conversations.provider import InboundMessage
from portal.database import TenantTransaction
from portal.messages.accepting import Acceptance, accept
from portal.messages.addressees import find_addressees
from portal.messages.canceling import cancel_to
from portal.messages.composing import Composed, Recipient, charge_of
from portal.messages.reading import MessageOwner
from portal.messages.segments import count_segments
from portal.messages.senders import find_sender
from portal.plans.balances import lock_balance
from portal.plans.reserving import lock_means
from portal.problems import RefusedError
from portal.tenants.settings import TenantSettings, read_settings

ANSWERED_FOR = timedelta(minutes=5)
"""How long one answer to a number's keyword is enough: two machines that answer each other come to an end."""
_CONSENT = {Keyword.STOP: ConsentStatus.WITHDRAWN, Keyword.START: ConsentStatus.GIVEN}
_PORTAL = Actor(ActorKind.SYSTEM, UUID(int=0), "Keyword answer")
_COUNTERPART = MessageOwner.CONVERSATION.value


@dataclass(frozen=True, slots=True)
class Asked:
    """A new message that is a keyword."""

    keyword: Keyword
    message: InboundMessage


async def obey(tx: TenantTransaction, asked: Sequence[Asked], *, now: datetime) -> None:
    """Obey keywords whose messages are written already, and answer those that the provider has not answered itself.

    What has not left yet to who leaves is canceled first, and the answers come last: whoever locks messages and
    balances does so in this order.
    """
    subscribing = [one for one in asked if one.keyword is not Keyword.HELP]
    stopped = await _change_list(tx, {one.message.sender for one in subscribing}) if subscribing else []
    for one in subscribing:
        statement = ConsentStatement(_CONSENT[one.keyword], one.keyword.value)
        await record_consent(tx, [one.message.sender], statement, None, now=one.message.received_at)
    if stopped:
        await cancel_to(tx, stopped, now=now)
    unanswered = {(one.keyword, one.message.sender): one for one in asked if one.message.handled is None}
    if unanswered:
        await _answer(tx, list(unanswered.values()), now=now)


async def _change_list(tx: TenantTransaction, numbers: set[str]) -> list[str]:
    """Bring the suppression list in line with the last STOP or START of these numbers; who stopped.

    The last by the time it was received: a word that is heard late undoes none that was said after it.
    """
    rows = await tx.rows(
        f"SELECT DISTINCT ON (sender_number) sender_number, keyword, created_at FROM message "  # noqa: S608  a constant
        f"WHERE tenant_id = $1 AND {_COUNTERPART} = ANY($2::text[]) AND direction = 'INBOUND' "
        "AND keyword IN ('STOP', 'START') ORDER BY sender_number, id DESC",
        tx.tenant_id,
        sorted(numbers),
    )
    stopped = []
    for row in rows:
        if row["keyword"] == Keyword.STOP:
            await suppress(tx, row["sender_number"], SuppressionSource.STOP, now=row["created_at"])
            stopped.append(row["sender_number"])
        else:
            await release(tx, row["sender_number"], asked_at=row["created_at"])
    return stopped


async def _answer(tx: TenantTransaction, asked: Sequence[Asked], *, now: datetime) -> None:
    """Queue the answers, each from the number that was written to. The list and an allowance used up stop none."""
    lately = await _answered_lately(tx, {one.message.sender for one in asked}, now=now)
    due = [one for one in asked if (one.message.sender, one.keyword) not in lately]
    if not due:
        return
    settings = await read_settings(tx)
    addressees = await find_addressees(tx, sorted({one.message.sender for one in due}))
    for keyword, number in sorted({(one.keyword, one.message.recipient) for one in due}):
        try:
            sender = await find_sender(tx, rather=number)
        except RefusedError:  # nothing is sent for this tenant, answers neither
            return
        balance = await lock_balance(tx, now=now)
        if balance is None:
            return
        text = _text(settings, keyword)
        recipients = tuple(
            (index, Recipient(addressees[one.message.sender], text, count_segments(text)))
            for index, one in enumerate(due)
            if (one.keyword, one.message.recipient) == (keyword, number)
        )
        units = sum(recipient.units(balance.allowance.unit) for _, recipient in recipients)
        means = await lock_means(tx, balance, units, now=now)
        charges = []
        for _, recipient in recipients:  # whatever is left: nobody is refused the answer to a STOP
            charges.append(charge_of(recipient, means.plan, means.card, means.budget))
            means.budget.take(charges[-1])
        composed = Composed(None, recipients, ())
        answers = Acceptance(new_id(now), composed, charges, means, sender, _PORTAL, keyword)
        await accept(tx, answers, now=now)


def _text(settings: TenantSettings, keyword: Keyword) -> str:
    texts = {
        Keyword.STOP: settings.stop_text,
        Keyword.START: settings.start_text,
        Keyword.HELP: settings.help_text,
    }
    return texts[keyword]


async def _answered_lately(tx: TenantTransaction, numbers: set[str], *, now: datetime) -> set[tuple[str, Keyword]]:
    rows = await tx.rows(
        f"SELECT recipient_number, keyword FROM message WHERE tenant_id = $1 AND {_COUNTERPART} = ANY($2::text[]) "  # noqa: S608  a constant
        "AND direction = 'OUTBOUND' AND keyword IS NOT NULL AND id >= $3",
        tx.tenant_id,
        sorted(numbers),
        ids_at(now - ANSWERED_FOR)[0],
    )
    return {(row["recipient_number"], Keyword(row["keyword"])) for row in rows}
