"""Whether a send may go out: what policy says of its texts, and the fraud shield of where it goes.

Each distinct text is judged once, and what is known of recipients is read in the same few statements for all of them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from portal.clock import ids_at, written
from portal.database import TenantTransaction
from portal.messages.composing import Composed, Recipient
from portal.messages.refusals import RefusalCode
from portal.plans.charging import Charge
from portal.policy.overrides import read_overridden
from portal.policy.rules import PolicyRule, PolicyVerdict, advice_on, failing, has_opt_out
from portal.rates.cards import RateCard
from portal.shield.areas import TrafficKind
from portal.shield.screening import Destination, Shield, open_shield

ACQUAINTED_AFTER = timedelta(days=1)  # a contact, or who was written to, for so long is no stranger
_PAUSED = "Messages to numbers like this one looked like fraud and are stopped: release the pause to send to it."
_PEER = "CASE direction WHEN 'INBOUND' THEN sender_number ELSE recipient_number END"


@dataclass(frozen=True, slots=True)
class Screening:
    """What stands against each recipient of a send."""

    shield: Shield
    failed: Mapping[str, frozenset[PolicyRule]]  # by text, what it says; what is overridden left out
    unannounced: Collection[str]  # numbers that get their first message, and it does not say how to opt out
    strangers: Collection[str]
    overridden: Mapping[PolicyRule, datetime]

    def outcome(self, recipient: Recipient, charge: Charge) -> tuple[RefusalCode, str] | None:
        """Why this recipient gets no message, or None."""
        number = recipient.addressee.number
        if rules := self.failed[recipient.text]:
            return RefusalCode.POLICY, " ".join(advice_on(rule) for rule in sorted(rules))
        if number in self.unannounced:
            return RefusalCode.POLICY, advice_on(PolicyRule.OPT_OUT_TEXT)
        destination = self._destination(recipient)
        if not self.shield.stops(destination):
            return None
        self.shield.refuse(destination, charge.cost, charge.price)
        return RefusalCode.PAUSED, _PAUSED

    def take(self, recipient: Recipient) -> None:
        """Count a recipient whose message is accepted."""
        self.shield.take(self._destination(recipient))

    def failed_by_all(self) -> frozenset[PolicyRule]:
        """The rules that every text fails by what it says, so that nobody would get any."""
        return frozenset.intersection(*self.failed.values()) if self.failed else frozenset()

    def verdicts(self) -> list[PolicyVerdict]:
        """What each rule says of the whole send."""
        failed = frozenset[PolicyRule]().union(*self.failed.values())
        failed |= {PolicyRule.OPT_OUT_TEXT} if self.unannounced else frozenset()
        return [self._verdict(rule, passed=rule not in failed) for rule in PolicyRule]

    def _verdict(self, rule: PolicyRule, *, passed: bool) -> PolicyVerdict:
        if not passed:
            return PolicyVerdict(rule, passed=False, message=advice_on(rule))
        until = self.overridden.get(rule)
        why = "Nothing stands against it." if until is None else f"Support allows it until {written(until)}."
        return PolicyVerdict(rule, passed=True, message=why)

    def _destination(self, recipient: Recipient) -> Destination:
        to = recipient.addressee
        return Destination(to.number, to.country, to.number in self.strangers)


async def screen(tx: TenantTransaction, composed: Composed, card: RateCard, *, now: datetime) -> Screening:
    """Judge a send that is composed; hold the allowance's lock, so that each sees what those before it sent."""
    recipients = [recipient for _, recipient in composed.recipients]
    texts = {recipient.text for recipient in recipients}
    failed = {text: failing(text) for text in texts}
    silent = {text for text in texts if not has_opt_out(text)}
    overridden: Mapping[PolicyRule, datetime] = {}
    if silent or any(failed.values()):
        overridden = await read_overridden(tx, now=now)
    if PolicyRule.OPT_OUT_TEXT in overridden:
        silent = set()
    known_since, _ = ids_at(now - ACQUAINTED_AFTER)
    young = {
        one.addressee.number
        for one in recipients
        if card.cost(one.category, one.addressee.country, 1) and not _is_before(one.addressee.contact_id, known_since)
    }  # who may be a stranger, where that can cost anything
    unsaid = {one.addressee.number for one in recipients if one.text in silent}
    first = await first_messages(tx, young | unsaid)
    strangers = {number for number in young if not _is_before(first.get(number), known_since)}
    destinations = [
        Destination(one.addressee.number, one.addressee.country, one.addressee.number in strangers)
        for one in recipients
    ]
    return Screening(
        shield=await open_shield(tx, TrafficKind.SMS, destinations, card, now=now),
        failed={text: rules.difference(overridden) for text, rules in failed.items()},
        unannounced=unsaid - first.keys(),
        strangers=strangers,
        overridden=overridden,
    )


async def first_messages(tx: TenantTransaction, numbers: Collection[str]) -> dict[str, UUID]:
    """The first message, in or out, with each of these numbers that there was any with; in one statement.

    What waits for its time, or never arrived, made nobody acquainted.
    """
    if not numbers:
        return {}
    first = (
        f"SELECT id FROM message WHERE tenant_id = $1 AND ({_PEER}) = asked.number "  # noqa: S608  constants
        "AND status NOT IN ('SCHEDULED', 'CANCELED', 'FAILED', 'EXPIRED') ORDER BY id LIMIT 1"
    )
    sql = f"SELECT number, first.id FROM unnest($2::text[]) AS asked (number) CROSS JOIN LATERAL ({first}) AS first"  # noqa: S608  constants
    return {row["number"]: row["id"] for row in await tx.rows(sql, tx.tenant_id, sorted(numbers))}


def _is_before(key: UUID | None, first: UUID) -> bool:
    """Whether what has this id, which tells when it was made, was made before the first id of an instant."""
    return key is not None and key < first
