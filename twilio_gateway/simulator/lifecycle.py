"""What happens to a message after it was taken, and when: Twilio's order of statuses."""

from dataclasses import dataclass
from uuid import uuid4

from twilio_gateway.simulator.magic import Callbacks, Outcome
from twilio_gateway.simulator.prices import sent_micros

FINAL = frozenset({"delivered", "undelivered", "failed", "canceled", "received"})
BILLED = frozenset({"delivered", "undelivered"})


@dataclass(frozen=True, slots=True)
class Planned:
    """A change of status, or the callback that tells of it."""

    kind: str  # "status", "callback" or "answer"
    due: float
    happened: float
    status: str
    error: int | None
    token: str


def plan(outcome: Outcome, *, through_service: bool, start: float, step: float, lateness: int) -> list[Planned]:
    """All that happens after the answer; Twilio calls back for every status but the first."""
    statuses = ["queued"] if through_service else []
    statuses += ["sent"] if outcome.status in BILLED else []
    statuses += [outcome.status] if outcome.status in FINAL else []
    times = [start + step * (index + 1) for index in range(len(statuses))]
    moments = list(zip(statuses, times, strict=True))
    changes = [Planned("status", at, at, status, _error(outcome, status), "") for status, at in moments]
    end = times[-1] if times else start
    answers = [Planned("answer", end + step, end + step, "received", None, "")] if outcome.answer else []
    return changes + _callbacks(outcome, moments, step, lateness) + answers


def _callbacks(outcome: Outcome, moments: list[tuple[str, float]], step: float, lateness: int) -> list[Planned]:
    end = max((at for _, at in moments), default=0.0)
    planned = []
    for index, (status, at) in enumerate(moments):
        due = at
        if outcome.callbacks is Callbacks.LATE:
            due = at + step * lateness
        elif outcome.callbacks is Callbacks.REVERSED:
            due = end + step * 2 * (len(moments) - 1 - index)
        # Twilio's repeats carry the same I-Twilio-Idempotency-Token.
        callback = Planned("callback", due, at, status, _error(outcome, status), str(uuid4()))
        planned += [callback] * _COPIES.get(outcome.callbacks, 1)
    return planned


_COPIES = {Callbacks.NEVER: 0, Callbacks.TWICE: 2}


def _error(outcome: Outcome, status: str) -> int | None:
    return outcome.error if status == outcome.status else None


def price_micros(status: str, recipient: str, segments: int, num_media: int) -> int | None:
    """What a message in this status costs; nothing is charged for one that never left."""
    if status not in BILLED:
        return None
    return sent_micros(recipient, segments, num_media)
