"""Watches margins: looks at each tenant's month once the provider's count of it is settled, and tells the operators."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from portal.clock import new_id
from portal.database import DatabaseRole, Transaction
from portal.economics.figures import Conversion, Days
from portal.economics.reading import read_by_plan
from portal.mail.queue import Mail, MailQueue
from portal.plans.proration import first_instant, next_month
from portal.rates.cards import read_current_card
from portal.reconciliation.books import Read
from portal.reconciliation.margin_alerts import MarginAlertReason
from portal.reconciliation.margins import WrongMargin, wrong_margin
from portal.reconciliation.rules import SETTLING

_PATH = "/economics"
_NAMED = 20  # in a mail
_RAISE = (
    "INSERT INTO margin_alert (tenant_id, id, month, expected_ratio, actual_ratio, reason, raised_at) "
    "SELECT tenant_id, id, $1, expected, actual, reason, $2 FROM unnest($3::uuid[], $4::uuid[], $5::numeric[], "
    "$6::numeric[], $7::text[]) AS wrong (tenant_id, id, expected, actual, reason) "
    "ON CONFLICT (tenant_id, month) DO NOTHING RETURNING tenant_id"
)
_OPERATORS = "SELECT email FROM person WHERE staff_role = 'ISV_OPERATOR' AND disabled_at IS NULL ORDER BY email"


class MarginWatch:
    """Raises a margin alert once for a tenant and month, and queues a mail to the ISV's operators with it."""

    def __init__(self, queue: MailQueue, public_url: str) -> None:
        self._queue = queue
        self._public_url = public_url

    async def look(self, tx: Transaction, reads: Iterable[Read], *, now: datetime) -> None:
        """Look at the months whose end these reads hold, settled; in the operator's role."""
        months: dict[date, set[UUID]] = {}
        for read in reads:
            month = (read.days.until - timedelta(days=1)).replace(day=1)
            for ended in (month, (month - timedelta(days=1)).replace(day=1)):
                if _holds_end(read, ended):
                    months.setdefault(ended, set()).add(read.tenant_id)
        for month, tenant_ids in sorted(months.items()):
            await self._look_at(tx, month, sorted(tenant_ids), now=now)

    async def _look_at(self, tx: Transaction, month: date, tenant_ids: Sequence[UUID], *, now: datetime) -> None:
        conversion = Conversion(await read_current_card(tx))
        by_tenant = await read_by_plan(tx, tenant_ids, Days(month, next_month(month)), conversion)
        found = {
            tenant_id: wrong
            for tenant_id, held in by_tenant.items()
            # Of what cannot be converted nothing can be said.
            if all(plan is None or conversion.knows(plan.terms.currency) for plan, _ in held)
            and (wrong := wrong_margin(held, conversion)) is not None
        }
        raised = await tx.rows(
            _RAISE,
            month,
            now,
            list(found),
            [new_id(now) for _ in found],
            [wrong.expected for wrong in found.values()],
            [wrong.actual for wrong in found.values()],
            [wrong.reason for wrong in found.values()],
        )
        await self._tell(tx, month, {row["tenant_id"]: found[row["tenant_id"]] for row in raised}, now=now)

    async def _tell(self, tx: Transaction, month: date, raised: dict[UUID, WrongMargin], *, now: datetime) -> None:
        if not raised:
            return
        sql = "SELECT id, name FROM tenant WHERE id = ANY($1::uuid[]) ORDER BY name, id"
        named = [(row["name"], raised[row["id"]]) for row in await tx.rows(sql, list(raised))]
        # The operator's role sees no people: whom to write to is read in the role that does.
        for operator in await tx.rows_as(DatabaseRole.AUTH, _OPERATORS):
            await self._queue.put(tx, _mail(operator["email"], month, named, self._public_url), at=now)


def _holds_end(read: Read, month: date) -> bool:
    until = next_month(month)
    return read.days.first < until <= read.days.until and read.as_of >= first_instant(until) + SETTLING


def _mail(to: str, month: date, named: Sequence[tuple[str, WrongMargin]], public_url: str) -> Mail:
    about = named[0][0] if len(named) == 1 else f"{len(named)} tenants"
    lines = [_line(name, wrong) for name, wrong in named[:_NAMED]]
    if len(named) > _NAMED:
        lines.append(f"And {len(named) - _NAMED} more.")
    told = "\n".join(lines)
    text = (
        f"The margin of {month:%B %Y} is not what the plan promises:\n\n{told}\n\n"
        f"See what they brought in and what they cost, in the portal:\n\n{public_url}{_PATH}\n\n"
        "You get this mail as an operator of the portal. No tenant does.\n"
    )
    return Mail(to, " ".join(f"Wrong margin in {month:%B %Y}: {about}".split()), text)  # a header has one line


def _line(name: str, wrong: WrongMargin) -> str:
    plain = " ".join(name.split())
    if wrong.reason is MarginAlertReason.NEGATIVE:
        return f"- {plain}: it costs more than it brings in."
    return f"- {plain}: {wrong.actual:.1%} of what it brings in, and its plan promises {wrong.expected:.1%}."
