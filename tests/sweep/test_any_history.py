"""Whatever is lost, repeated or comes in another order: with one sweep it ends as the provider says."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.callbacks.inbox import CallbackInbox, CallbackKind, ReceivedCallback
from portal.messages.silence import FIRST_PAUSE
from portal.messages.status import MessageStatus, rank
from tests.messages.traffic import Books, at_the_provider, balanced_books, messages
from tests.product import Product
from tests.sweep.sweeping import sweeper, unheard

# What Twilio calls back about messages to these numbers, in its order.
HISTORIES = {
    "+12025550100": (("queued", None), ("sent", None), ("delivered", None)),
    "+12025550103": (("queued", None), ("sent", None), ("undelivered", 30003)),
    "+12025550107": (("sent", None), ("undelivered", 30007)),
    "+12025550108": (("queued", None), ("failed", 30008)),
}
REASONS = {
    "+12025550100": None,
    "+12025550103": "UNREACHABLE",
    "+12025550107": "FILTERED",
    "+12025550108": "UNKNOWN",
}
SWEEP = None
BAD = {"UNDELIVERED", "FAILED"}
Told = tuple[str, str, int | None]  # of the message to this number, this status with this error
ALL: list[Told] = [(number, *told) for number, history in HISTORIES.items() for told in history]


@st.composite
def what_comes(draw: st.DrawFn) -> list[list[Told] | None]:
    """Some of the callbacks, some of them twice, some without their reason, in any order and in batches; one sweep."""
    kept = draw(st.lists(st.sampled_from(ALL), max_size=2 * len(ALL)))
    empty = [(number, status, None) for number, status, error in draw(st.lists(st.sampled_from(ALL), max_size=3))]
    told = draw(st.permutations([*kept, *empty]))
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(told) - 1)), max_size=3)))
    batches: list[list[Told] | None] = [
        told[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(told)], strict=True)
    ]
    batches.insert(draw(st.integers(0, len(batches))), SWEEP)
    return batches


def _never_worse(before: list[Any], after: list[Any]) -> None:
    for earlier, later in zip(before, after, strict=True):
        assert rank(MessageStatus(later["status"])) >= rank(MessageStatus(earlier["status"]))
        if earlier["issue"] is not None and later["status"] in BAD:
            assert later["issue"] is not None


@given(happening=what_comes())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_loss_repetition_and_order_of_callbacks_and_one_sweep_end_in_the_provider_s_state(
    happening: list[list[Told] | None], product: Product
) -> None:
    tenant = await product.tenant()
    await unheard(product, tenant, list(HISTORIES))
    made = {one["to"]: one for one in await at_the_provider(product, tenant)}
    rows = await messages(product, tenant)
    ids = {row["recipient_number"]: row["id"] for row in rows}
    inbox = CallbackInbox(product.database, product.clock)
    for told in happening:
        if told is SWEEP:
            product.clock.advance(FIRST_PAUSE)
            assert (await sweeper(product).sweep_due()).unanswered == 0
        else:
            for number, status, error in told:
                fields = {"MessageSid": made[number]["sid"], "MessageStatus": status, "ErrorCode": str(error or "")}
                await inbox.receive(ReceivedCallback(tenant.id, CallbackKind.MESSAGE_STATUS, fields, ids[number]))
            await product.apply_callbacks()
        before, rows = rows, await messages(product, tenant)
        _never_worse(before, rows)
    ended = {row["recipient_number"]: (row["status"].lower(), row["issue"]) for row in rows}
    assert {number: status for number, (status, _) in ended.items()} == {
        number: one["status"] for number, one in made.items()
    }
    heard = {one[0] for told in happening for one in told or () if one[2] is not None}
    for number, (_, issue) in ended.items():
        assert issue == REASONS[number] or (issue == "UNKNOWN" and number not in heard)
    assert await balanced_books(product, tenant) == Books(used=4, reserved=0)
