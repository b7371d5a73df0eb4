"""What happens in a call: it rings, is answered or not, does what its TwiML says, and tells of each step.

A step takes as long as one of a message, whatever the call's own length: nobody waits for a minute of silence. What
was going on when the simulator stopped is not taken up again.
"""

import asyncio
from datetime import UTC, datetime
from email.utils import format_datetime
from sqlite3 import Row
from typing import Any
from uuid import uuid4
from xml.etree.ElementTree import Element, ParseError, fromstring

from twilio_gateway.simulator.ledger import new_sid
from twilio_gateway.simulator.magic import Callbacks, outcome_for
from twilio_gateway.simulator.operations import Simulator
from twilio_gateway.simulator.signing import sign
from twilio_gateway.simulator.used import call_ended, write_down

# How calls to these numbers end without an answer; all others are answered.
UNANSWERED = {"+12025550130": "busy", "+12025550131": "no-answer", "+12025550132": "failed"}
_SPOKEN_IN_A_SECOND = 15  # characters
_TALK = 62  # seconds that two people talk
_ERROR = 400


def add_call(simulator: Simulator, **columns: Any) -> str:
    """A new call that is waiting to be dialed; its SID."""
    sid, now = new_sid("CA"), simulator.now()
    simulator.ledger.insert("call", sid=sid, status="queued", created=now, updated=now, **columns)
    return sid


async def live(simulator: Simulator, sid: str, most_seconds: int) -> None:
    """Dial, and do what the TwiML says once somebody answers."""
    row = _row(simulator, sid)
    await _step(simulator, sid, "queued", told="initiated")
    await _step(simulator, sid, "ringing")
    unanswered = UNANSWERED.get(row["recipient"])
    if unanswered is not None:
        await _step(simulator, sid, unanswered, seconds=0)
        return
    await _step(simulator, sid, "in-progress")
    seconds = await _follow_instructions(simulator, row) if row["twiml"] else _TALK
    await _step(simulator, sid, "completed", seconds=min(seconds, most_seconds))


async def receive(simulator: Simulator, *, sender: str, number: str) -> str | None:
    """Somebody calls a number, and it is asked what to do; the call's SID, or None where nobody has the number."""
    held = simulator.ledger.row(
        "SELECT number.*, auth_token FROM number JOIN account ON account.sid = account_sid WHERE phone_number = ?",
        number,
    )
    if held is None:
        return None
    sid = add_call(
        simulator,
        account_sid=held["account_sid"],
        recipient=number,
        sender=sender,
        direction="inbound",
        twiml="",
        status_callback=held["status_callback"],
    )
    _change(simulator, sid, "ringing", None)
    twiml = await _asked(simulator, held, sid)
    simulator.ledger.write("UPDATE call SET twiml = ? WHERE sid = ?", twiml, sid)
    simulator.postman.follow(_answered(simulator, sid))
    return sid


async def _asked(simulator: Simulator, held: Row, sid: str) -> str:
    """The answer of the number's webhook, or else of its fallback; nothing where neither gives one."""
    for url in filter(None, (held["voice_url"], held["voice_fallback_url"])):
        form = _form(_row(simulator, sid), "ringing", 0, simulator.now())
        status, text = await simulator.postman.ask(sign(url, form, held["auth_token"], token=str(uuid4())))
        if isinstance(status, int) and status < _ERROR:
            return text
    return ""


async def _answered(simulator: Simulator, sid: str) -> None:
    row = _row(simulator, sid)
    verbs = _verbs(row["twiml"])
    if not verbs:
        await _step(simulator, sid, "failed", seconds=0)
    elif verbs[0].tag == "Reject":
        await _step(
            simulator, sid, "busy" if _verbs(row["twiml"])[0].get("reason") == "busy" else "no-answer", seconds=0
        )
    else:
        _change(simulator, sid, "in-progress", None)  # a number tells of the end alone
        seconds = await _follow_instructions(simulator, row)
        await _step(simulator, sid, "completed", seconds=seconds)


async def _follow_instructions(simulator: Simulator, row: Row) -> int:
    """Do what the TwiML says; how many seconds that took."""
    seconds = 0
    for verb in _verbs(row["twiml"]):
        if verb.tag == "Say":
            seconds += -(-len(verb.text or "") // _SPOKEN_IN_A_SECOND)
        elif verb.tag == "Dial":
            seconds += await _dial(simulator, row, verb)
    return seconds


async def _dial(simulator: Simulator, row: Row, verb: Element) -> int:
    number = verb.find("Number")
    recipient = (verb.text or "") if number is None else (number.text or "")
    sid = add_call(
        simulator,
        parent_sid=row["sid"],
        account_sid=row["account_sid"],
        recipient=recipient,
        sender=verb.get("callerId", row["sender"]),
        direction="outbound-dial",
        twiml="",
        status_callback="" if number is None else number.get("statusCallback", ""),
    )
    await live(simulator, sid, int(verb.get("timeLimit", "14400")))
    return int(_row(simulator, sid)["seconds"])


def _verbs(twiml: str) -> list[Element]:
    try:
        return list(fromstring(twiml))  # noqa: S314  the portal under test wrote it
    except ParseError:
        return []


async def _step(
    simulator: Simulator, sid: str, status: str, *, told: str | None = None, seconds: int | None = None
) -> None:
    await asyncio.sleep(simulator.settings.step_delay.total_seconds())
    _change(simulator, sid, status, seconds)
    row = _row(simulator, sid)
    if status == "completed":
        inbound = row["direction"] == "inbound"
        own, other = (row["recipient"], row["sender"]) if inbound else (row["sender"], row["recipient"])
        used = call_ended(
            row["account_sid"], sid, other, own, inbound=inbound, seconds=row["seconds"], at=simulator.now()
        )
        write_down(simulator.ledger, [used])
    callbacks = outcome_for(row["recipient"]).callbacks
    if not row["status_callback"] or callbacks is Callbacks.NEVER:
        return
    account = simulator.ledger.rows("SELECT * FROM account WHERE sid = ?", row["account_sid"])[0]
    form = _form(row, told or status, seconds, simulator.now())
    for _ in range(2 if callbacks is Callbacks.TWICE else 1):
        await simulator.postman.post(sign(row["status_callback"], form, account["auth_token"], token=str(uuid4())))


def _change(simulator: Simulator, sid: str, status: str, seconds: int | None) -> None:
    now = simulator.now()
    simulator.ledger.write(
        "UPDATE call SET status = ?1, updated = ?2, seconds = ?3, started = CASE WHEN ?1 = 'ringing' THEN ?2 "
        "ELSE started END, ended = CASE WHEN ?3 IS NULL THEN NULL ELSE ?2 END WHERE sid = ?4",
        status,
        now,
        seconds,
        sid,
    )


def _row(simulator: Simulator, sid: str) -> Row:
    return simulator.ledger.rows("SELECT * FROM call WHERE sid = ?", sid)[0]


def _form(row: Row, status: str, seconds: int | None, at: float) -> dict[str, str]:
    fields = {
        "AccountSid": row["account_sid"],
        "ApiVersion": "2010-04-01",
        "CallSid": row["sid"],
        "CallStatus": status,
        "Called": row["recipient"],
        "Caller": row["sender"],
        "Direction": row["direction"],
        "From": row["sender"],
        "Timestamp": format_datetime(datetime.fromtimestamp(at, UTC)),
        "To": row["recipient"],
    }
    if row["parent_sid"]:
        fields["ParentCallSid"] = row["parent_sid"]
    if status == "completed":
        fields |= {"CallDuration": str(seconds), "Duration": str(-(-(seconds or 0) // 60))}
    return fields
