"""Holds what Twilio has against what the portal's tables say, message by message and unit by unit."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from portal.database import Database
from portal.messages.issues import DeliveryIssueCode
from portal.messages.status import FINAL, MessageStatus
from portal.pricing.terms import UsageUnit
from tests.faults.customers import Customer
from tests.plans.books import read_books

_SETTLED = (
    "SELECT coalesce(sum(used), 0)::bigint AS used, coalesce(sum(reserved), 0)::bigint AS reserved, "
    "coalesce(sum(from_credits), 0)::bigint AS from_credits, "
    "(SELECT coalesce(sum(units), 0)::bigint FROM charge_day WHERE tenant_id = $1) AS charged, "
    "(SELECT coalesce(sum(used + reserved), 0)::bigint FROM credit_lot WHERE tenant_id = $1) AS lots "
    "FROM allowance_balance WHERE tenant_id = $1"
)
_NEVER_LEFT = {MessageStatus.FAILED, MessageStatus.CANCELED, MessageStatus.EXPIRED}


@dataclass(frozen=True, slots=True)
class Taken:
    """A message in the provider's ledger."""

    sid: str
    account_sid: str
    recipient: str
    body: str
    segments: int
    status: str


@dataclass
class Reckoning:
    """What was counted; `problems` name what is wrong, for whoever has to find it."""

    messages: int = 0
    lost: int = 0
    twice: int = 0
    wrongly_charged: int = 0
    unconfirmed: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.lost or self.twice or self.wrongly_charged)

    def __str__(self) -> str:
        return (
            f"{self.lost} lost, {self.twice} sent twice, {self.wrongly_charged} charged wrongly, "
            f"{self.unconfirmed} unconfirmed of {self.messages}"
        )


def read_ledger(path: Path) -> dict[UUID, list[Taken]]:
    """What the provider took, by the message that its callback address names."""
    found: defaultdict[UUID, list[Taken]] = defaultdict(list)
    sql = (
        "SELECT sid, account_sid, recipient, body, segments, status, status_callback FROM message "
        "WHERE status <> 'received' ORDER BY seq"
    )
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as ledger:
        for *taken, callback in ledger.execute(sql):
            found[UUID(callback.rpartition("/")[2])].append(Taken(*taken))
    return found


async def reckon(database: Database, customers: Sequence[Customer], ledger: dict[UUID, list[Taken]]) -> Reckoning:
    """Compare, while units of unconfirmed messages are still held."""
    reckoning, known = Reckoning(), set()
    for customer in customers:
        async with database.for_tenant(customer.id, read_only=True) as tx:
            rows = await tx.rows("SELECT * FROM message WHERE tenant_id = $1 AND direction = 'OUTBOUND'", customer.id)
        known |= {row["id"] for row in rows}
        reckoning.messages += customer.promised
        twins = _by_text(rows, ledger)
        for row in rows:
            _compare(reckoning, customer, row, ledger.get(row["id"], []), twins[row["recipient_number"], row["body"]])
        _compare_references(reckoning, customer, rows)
        by_batch = Counter(row["batch_id"] for row in rows)
        for batch_id, accepted in customer.accepted.items():
            if by_batch[batch_id] != accepted:
                reckoning.lost += abs(by_batch[batch_id] - accepted)
                reckoning.problems.append(f"batch {batch_id}: {accepted} promised, {by_batch[batch_id]} there")
        await _compare_books(reckoning, database, customer, rows, ledger)
    for stranger in ledger.keys() - known:
        reckoning.twice += len(ledger[stranger])
        reckoning.problems.append(f"{stranger}: sent, and nobody promised it")
    return reckoning


def is_unconfirmed(row: Any) -> bool:
    """Whether nobody could tell whether it left, to the last."""
    return row["issue"] == DeliveryIssueCode.UNCONFIRMED and row["provider_reference"] is None


def _by_text(rows: Sequence[Any], ledger: dict[UUID, list[Taken]]) -> dict[tuple[str, str], list[Taken]]:
    """What the provider took of the same text to the same number: of twins nobody can tell which is which."""
    found: dict[tuple[str, str], list[Taken]] = defaultdict(list)
    for row in rows:
        found[row["recipient_number"], row["body"]] += ledger.get(row["id"], ())
    return found


def _compare(
    reckoning: Reckoning, customer: Customer, row: Any, taken: Sequence[Taken], twins: Sequence[Taken]
) -> None:
    status, what = MessageStatus(row["status"]), f"{row['id']} of {customer.id}"
    reckoning.unconfirmed += is_unconfirmed(row)
    if len(taken) > 1:
        reckoning.twice += len(taken) - 1
        reckoning.problems.append(f"{what}: {status}, taken as {[one.sid for one in taken]}")
    if status not in FINAL:
        reckoning.lost += 1
        reckoning.problems.append(f"{what}: {status} for ever, taken as {taken}")
    elif not taken and status not in _NEVER_LEFT:
        reckoning.lost += 1
        reckoning.problems.append(f"{what}: {status}, but never taken")
    elif not taken and status is MessageStatus.FAILED and row["issue"] is None:
        reckoning.lost += 1
        reckoning.problems.append(f"{what}: failed without a reason")
    elif taken and not is_unconfirmed(row):
        if (status.value.lower(), row["provider_reference"]) not in {(one.status, one.sid) for one in twins}:
            reckoning.lost += 1
            reckoning.problems.append(f"{what}: {status} {row['issue']} {row['provider_reference']}, but {taken}")
        if row["segments"] != taken[0].segments:
            reckoning.wrongly_charged += 1
            reckoning.problems.append(f"{what}: {row['segments']} segments, but {taken[0].segments}")


def _compare_references(reckoning: Reckoning, customer: Customer, rows: Sequence[Any]) -> None:
    """What the provider took stands for one message."""
    used = Counter(row["provider_reference"] for row in rows if row["provider_reference"])
    for reference, times in used.items():
        if times > 1:
            reckoning.lost += times - 1
            reckoning.problems.append(f"of {customer.id}: {reference} stands for {times} messages")


async def _compare_books(
    reckoning: Reckoning,
    database: Database,
    customer: Customer,
    rows: Sequence[Any],
    ledger: dict[UUID, list[Taken]],
) -> None:
    """What left is used, what nobody can say is held, and all ledgers say so."""
    by_segments = customer.plan.terms.unit is UsageUnit.SEGMENTS
    left = [one for row in rows if not is_unconfirmed(row) for one in ledger.get(row["id"], ())[:1]]
    used = sum(one.segments if by_segments else 1 for one in left)
    held = sum(row["segments"] if by_segments else 1 for row in rows if is_unconfirmed(row))
    sent = (len(left), sum(one.segments for one in left))
    for problem, wrong in await _wrong_books(database, customer, used, held, sent):
        reckoning.wrongly_charged += wrong
        reckoning.problems.append(f"books of {customer.id}: {problem}")


async def _wrong_books(
    database: Database, customer: Customer, used: int, held: int, sent: tuple[int, int]
) -> list[tuple[str, int]]:
    try:
        books, _ = await read_books(database, customer.id)
    except AssertionError as error:
        return [(f"ledgers disagree: {error}", 1)]
    return list(
        _differences(
            ("units used", books.used, used),
            ("units held", books.reserved, held),
            *zip(("messages counted", "segments counted"), await counted(database, customer.id), sent, strict=True),
        )
    )


def _differences(*told: tuple[str, int, int]) -> Iterator[tuple[str, int]]:
    for what, ours, theirs in told:
        if ours != theirs:
            yield f"{ours} {what}, but {theirs}", abs(ours - theirs)


async def counted(database: Database, tenant_id: UUID) -> tuple[int, int]:
    """The messages and segments that the portal counts as sent."""
    async with database.for_tenant(tenant_id, read_only=True) as tx:
        row = await tx.row(
            "SELECT coalesce(sum(count), 0)::bigint AS count, coalesce(sum(usage), 0)::bigint AS usage FROM usage_day "
            "WHERE tenant_id = $1 AND category = 'sms-outbound'",
            tenant_id,
        )
    assert row is not None
    return row["count"], row["usage"]


async def reckon_bill(
    database: Database, customers: Sequence[Customer], ledger: dict[UUID, list[Taken]], reckoning: Reckoning
) -> None:
    """Compare once the provider's count of the day has decided what became of the unconfirmed: nothing is held."""
    for customer in customers:
        own = [one for taken in ledger.values() for one in taken if one.account_sid == customer.account_sid]
        sent = (len(own), sum(one.segments for one in own))
        used = sent[1] if customer.plan.terms.unit is UsageUnit.SEGMENTS else sent[0]
        async with database.for_tenant(customer.id, read_only=True) as tx:
            units = await tx.row(_SETTLED, customer.id)
        assert units is not None
        told = (
            ("units used", units["used"], used),
            ("units charged", units["charged"], used),
            ("units held", units["reserved"], 0),
            ("units of credits", units["lots"], units["from_credits"]),
            *zip(("messages counted", "segments counted"), await counted(database, customer.id), sent, strict=True),
        )
        for problem, wrong in _differences(*told):
            reckoning.wrongly_charged += wrong
            reckoning.problems.append(f"settled books of {customer.id}: {problem}")
