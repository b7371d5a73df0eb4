"""The numbers that make the simulator misbehave on purpose: the one table, for the code and for docs/SIMULATOR.md.

They come from the range that is reserved for fiction (555-0100 to 555-0199), so no number of a real person is in
it, and `phonenumbers` takes them as valid.
"""

from dataclasses import dataclass
from enum import Enum, auto


class Reply(Enum):
    """What the request to send gets for an answer."""

    NORMAL = auto()
    SLOW = auto()  # created, and answered late
    THROTTLED = auto()  # 429 twice, then normal
    FAULT_BEFORE = auto()  # 500 once and nothing created, then normal
    FAULT_AFTER = auto()  # created, and answered 500
    CUT_BEFORE = auto()  # connection cut once and nothing created, then normal
    CUT_AFTER = auto()  # created, and the connection cut


class Callbacks(Enum):
    """How the status callbacks come."""

    NORMAL = auto()
    LATE = auto()
    TWICE = auto()
    REVERSED = auto()
    NEVER = auto()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a message to one number."""

    number: str
    what: str
    status: str = "delivered"
    error: int | None = None
    refusal: int | None = None  # the error that the request to send gets at once
    reply: Reply = Reply.NORMAL
    callbacks: Callbacks = Callbacks.NORMAL
    answer: str | None = None  # what the recipient writes back


_OUTCOMES = (
    Outcome("+12025550100", "delivered, as is any number that is not in this table"),
    Outcome("+12025550103", "undelivered: the phone cannot be reached", "undelivered", 30003),
    Outcome("+12025550104", "undelivered: blocked", "undelivered", 30004),
    Outcome("+12025550105", "undelivered: unknown handset", "undelivered", 30005),
    Outcome("+12025550106", "undelivered: a landline, as most carriers report it", "undelivered", 30006),
    Outcome("+12025550107", "undelivered: filtered by a carrier", "undelivered", 30007),
    Outcome("+12025550108", "failed: no reason given", "failed", 30008),
    Outcome("+12025550134", "undelivered: the sender's number is not registered", "undelivered", 30034),
    Outcome("+12025550110", "refused at once: the recipient opted out", refusal=21610),
    Outcome("+12025550111", "refused at once: not a number", refusal=21211),
    Outcome("+12025550114", "refused at once: a landline, where Twilio knows it beforehand", refusal=21614),
    Outcome("+12025550118", "refused at once: country not enabled", refusal=21408),
    Outcome("+12025550120", "slow: accepted, and answered after some seconds", reply=Reply.SLOW),
    Outcome("+12025550129", "429 with Retry-After twice, then accepted", reply=Reply.THROTTLED),
    Outcome("+12025550150", "500 once with nothing created, then accepted", reply=Reply.FAULT_BEFORE),
    Outcome("+12025550151", "500 although created; it is delivered", reply=Reply.FAULT_AFTER),
    Outcome("+12025550160", "accepted and delivered, but the connection is cut", reply=Reply.CUT_AFTER),
    Outcome("+12025550161", "connection cut once with nothing created, then accepted", reply=Reply.CUT_BEFORE),
    Outcome("+12025550170", "delivered, callbacks late", callbacks=Callbacks.LATE),
    Outcome("+12025550171", "delivered, each callback twice", callbacks=Callbacks.TWICE),
    Outcome("+12025550172", "delivered, callbacks in the wrong order", callbacks=Callbacks.REVERSED),
    Outcome("+12025550173", "delivered, no callback ever", callbacks=Callbacks.NEVER),
    Outcome("+12025550190", "delivered, and the recipient answers STOP", answer="STOP"),
    Outcome("+12025550191", "delivered, and the recipient answers HELP", answer="HELP"),
    Outcome("+12025550192", "delivered, and the recipient answers START", answer="START"),
    Outcome("+12025550193", "delivered, and the recipient answers with a question", answer="Until when are you open?"),
    Outcome("+12025550180", "stays in the queue until it is canceled", "queued"),
)
MAGIC = {outcome.number: outcome for outcome in _OUTCOMES}
DELIVERED = _OUTCOMES[0]


def outcome_for(number: str) -> Outcome:
    """What becomes of messages to this number."""
    return MAGIC.get(number, DELIVERED)


def table() -> str:
    """The table, in Markdown."""
    rows = [
        f"| `{outcome.number}` | {outcome.what} | {_status(outcome)} | {outcome.error or outcome.refusal or ''} |"
        for outcome in _OUTCOMES
    ]
    return "\n".join(["| To | What happens | Ends as | Twilio's error |", "|---|---|---|---|", *rows])


def _status(outcome: Outcome) -> str:
    return "never created" if outcome.refusal else outcome.status
