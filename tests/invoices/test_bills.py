"""Bills: whatever is rated adds up, both sides agree, and a file that was changed in one digit is found out."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.invoices.bill import BillError, bill_of, verify
from portal.invoices.invoices import InvoiceRow, InvoiceState
from portal.invoices.rating import billed_of, for_tenant, rate
from portal.invoices.snapshot import CreditPurchase, HeldPlan, MonthBefore, Snapshot, UsageRow
from portal.money.money import minor_unit
from portal.pricing.strategies import strategy_of
from portal.pricing.terms import PlanTerms, PricingStrategy, UsageUnit
from portal.usage.costing import PriceBasis
from tests.invoices.months import (
    CREDITS,
    DYNAMIC,
    FIXED,
    FREE,
    MEDIUM,
    NOVEMBER,
    OCTOBER,
    SILVER,
    TENANT,
    YEARLY,
    held,
    snapshot,
    used,
)

TERMS = [FREE, SILVER, YEARLY, MEDIUM, FIXED, DYNAMIC, CREDITS]
costs = st.decimals(0, 1_000_000, places=12)
counts = st.integers(1, 1_000_000)


def rows_of(plan: HeldPlan, draw: st.DrawFn) -> list[UsageRow]:
    """Usage in some of a plan's bands, and beside messages."""
    found = []
    bounds = strategy_of(plan.terms).bounds
    for band, up_to in enumerate(bounds):
        if draw(st.booleans()):
            above = (bounds[band - 1] or 0) if band else 0
            given_cost = f"{draw(costs):f}"
            found.append(used(plan, band, draw(counts), given_cost, units=draw(counts), bounds=(above, up_to)))
    if draw(st.booleans()):
        by_cost = plan.terms.strategy in {PricingStrategy.FIXED_MARGIN, PricingStrategy.DYNAMIC_MARGIN}
        basis = PriceBasis.FINAL if by_cost else PriceBasis.INCLUDED
        found.append(used(plan, None, draw(counts), f"{draw(costs):f}", category="calls-inbound", basis=basis))
    return found


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Any month: up to two plans, usage in their bands, credits, and a month before that was billed otherwise."""
    day = draw(st.integers(0, 30))
    turn = OCTOBER + timedelta(days=day)
    chosen: list[PlanTerms] = draw(st.lists(st.sampled_from(TERMS), min_size=1, max_size=2))
    spans = [(OCTOBER, turn), (turn, NOVEMBER)][-len(chosen) :]
    plans = [
        held(terms, *span, name=f"Plan {number}", number=number)
        for number, (terms, span) in enumerate(zip(chosen, spans, strict=True))
    ]
    usage = [row for plan in plans for row in rows_of(plan, draw)]
    bought = CreditPurchase(
        UUID(int=9), draw(counts), draw(counts), UsageUnit.MESSAGES, draw(costs), datetime(2026, 10, 3, tzinfo=UTC)
    )
    before = None
    if draw(st.booleans()):
        earlier = [held(FIXED, NOVEMBER, NOVEMBER, name="Plan 5", number=5)]
        then = rate(snapshot(earlier, rows_of(earlier[0], draw)))
        said = billed_of([one.line for one in then.lines], {one.line.key: one.cost for one in then.lines})
        before = MonthBefore(OCTOBER, tuple(earlier), tuple(rows_of(earlier[0], draw)), said)
    return snapshot(plans, usage, credits=(bought,) if draw(st.booleans()) else (), before=before)


def bill(of: Snapshot, *, operator: bool = False) -> bytes:
    """The file of an issued invoice of this snapshot."""
    rated, now = rate(of), datetime(2026, 11, 1, tzinfo=UTC)
    row = InvoiceRow(
        TENANT,
        UUID(int=1),
        "INV-000001",
        of.month,
        InvoiceState.ISSUED,
        rated.total,
        tuple(one.line for one in rated.lines),
        b"",
        None,
        now,
        now.date(),
        None,
        None,
        None,
        None,
        Decimal(0),
        Decimal(0),
    )
    return bill_of(row, of.written(), [one.operator_written() for one in rated.lines] if operator else None)


@given(of=snapshots())
def test_lines_are_rounded_once_and_add_up_to_the_total(of: Snapshot) -> None:
    rated = rate(of)
    assert rated.total.amount == sum((one.line.amount for one in rated.lines), Decimal(0))
    assert all(one.line.amount % minor_unit("USD") == 0 for one in rated.lines)
    assert len({one.line.key for one in rated.lines}) == len(rated.lines)


@given(of=snapshots())
def test_the_tenant_s_snapshot_comes_to_the_same_lines_as_the_operator_s_and_each_reads_back(of: Snapshot) -> None:
    of_tenant = for_tenant(of)
    assert [one.line for one in rate(of_tenant).lines] == [one.line for one in rate(of).lines]
    for one in (of, of_tenant):
        again = Snapshot.read(orjson.loads(orjson.dumps(one.written())))
        assert again == one
        assert again.digest == one.digest


@given(of=snapshots())
@settings(max_examples=30)
def test_a_bill_that_nobody_changed_agrees(of: Snapshot) -> None:
    for content in (bill(for_tenant(of)), bill(of, operator=True)):
        verdict = verify(content)
        assert verdict.differences == ()
        assert verdict.number == "INV-000001"


@given(of=snapshots(), data=st.data())
@settings(max_examples=200)
def test_any_single_changed_digit_is_found(of: Snapshot, data: st.DataObject) -> None:
    content = bill(of, operator=True) if data.draw(st.booleans()) else bill(for_tenant(of))
    places = [found.start() for found in re.finditer(rb"[0-9]", content)]
    place = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from([one for one in b"0123456789" if one != content[place]]))
    changed = content[:place] + bytes([other]) + content[place + 1 :]
    try:
        differences = verify(changed).differences
    except BillError:
        return
    assert differences


def test_a_difference_is_told_with_its_place() -> None:
    plan = held(FIXED)
    content = bill(for_tenant(snapshot([plan], [used(plan, 0, 10_000, "79")])))
    changed = content.replace(b'"amount": "81.44"', b'"amount": "81.45"')
    assert changed != content
    assert verify(changed).differences == (
        'lines[0].amount: it says "81.45", and it comes to "81.44"',
        "digest: the file is not as it was written, in this place or another",
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "this is no JSON"),
        (b"[]", "this is no bill"),
        (b'{"format": "bill/1"}', "invoice is missing"),
        (
            b'{"format": "bill/1", "invoice": {}, "lines": [], "snapshot": {}}',
            "cannot be read: format is missing",
        ),
        (b'{"format": "bill/1", "invoice": {}, "lines": [], "snapshot": {"format": 2}}', "the format is 2"),
        (b'{"format": "bill/1", "invoice": {}, "lines": 3, "snapshot": []}', "the snapshot cannot be read"),
    ],
)
def test_what_is_no_bill_is_told_so(content: bytes, said: str) -> None:
    with pytest.raises(BillError, match=said):
        verify(content)
