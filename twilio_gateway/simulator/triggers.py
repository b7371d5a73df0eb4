"""Usage triggers: they watch a category of an account's usage, and call back once in a period when it is reached."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from sqlite3 import Row
from typing import Any
from uuid import uuid4

from starlette.responses import JSONResponse, Response

from twilio_gateway.simulator.ledger import new_sid
from twilio_gateway.simulator.operations import PAGING, Call, Operation, Simulator
from twilio_gateway.simulator.payloads import UsageTrigger
from twilio_gateway.simulator.postman import is_loopback
from twilio_gateway.simulator.prices import dollars
from twilio_gateway.simulator.signing import sign
from twilio_gateway.simulator.usage import Amount, amounts, as_of
from twilio_gateway.simulator.used import CATEGORIES
from twilio_gateway.simulator.wire import Page, TwilioError, rfc2822

_ROOT = "/2010-04-01/Accounts/{AccountSid}/Usage/Triggers"
_MOST = 1_000  # of an account
_RECURRING = frozenset({"", "daily", "monthly", "yearly", "alltime"})
_BY = frozenset({"count", "usage", "price"})


async def _create(call: Call) -> Response:
    fields = call.fields
    recurring, by = fields.get("Recurring", ""), fields.get("TriggerBy", "usage")
    category = fields.get("UsageCategory", "")
    if category not in CATEGORIES or recurring not in _RECURRING or by not in _BY:
        raise TwilioError(400, 20001)
    if not is_loopback(fields.get("CallbackUrl", "")):
        raise TwilioError(400, 21609)
    if len(call.ledger.rows("SELECT 1 FROM usage_trigger WHERE account_sid = ?", call.account["sid"])) >= _MOST:
        raise TwilioError(400, 20001)
    now = call.simulator.now()
    columns = {
        "sid": new_sid("UT"),
        "account_sid": call.account["sid"],
        "friendly_name": fields.get("FriendlyName", ""),
        "category": category,
        "recurring": recurring,
        "trigger_by": by,
        "callback_url": fields["CallbackUrl"],
        "created": now,
        "updated": now,
    }
    given = fields.get("TriggerValue", "")
    value = _number(given.removeprefix("+"))
    if given.startswith("+"):
        value += _current(call.simulator, columns)
    call.ledger.insert("usage_trigger", **columns, value=f"{value:f}")
    return JSONResponse(_trigger(call.simulator, _by_sid(call, str(columns["sid"]))), 201)


async def _list(call: Call) -> Response:
    page = Page(call.fields)
    rows = call.ledger.rows(
        "SELECT * FROM usage_trigger WHERE account_sid = ?1 AND (?2 IS NULL OR category = ?2) "
        "AND (?3 IS NULL OR recurring = ?3) AND (?4 IS NULL OR trigger_by = ?4) AND (?5 IS NULL OR seq < ?5) "
        "ORDER BY seq DESC LIMIT ?6",
        call.account["sid"],
        call.fields.get("UsageCategory"),
        call.fields.get("Recurring"),
        call.fields.get("TriggerBy"),
        page.after,
        page.size + 1,
    )
    path = _ROOT.format(AccountSid=call.account["sid"]) + ".json"
    return JSONResponse(page.legacy("usage_triggers", path, rows, lambda row: _trigger(call.simulator, row)))


async def _fetch(call: Call) -> Response:
    return JSONResponse(_trigger(call.simulator, _by_sid(call, call.path["Sid"])))


async def _update(call: Call) -> Response:
    row = _by_sid(call, call.path["Sid"])
    url = call.fields.get("CallbackUrl", row["callback_url"])
    if not is_loopback(url):
        raise TwilioError(400, 21609)
    call.ledger.write(
        "UPDATE usage_trigger SET callback_url = ?, friendly_name = ?, updated = ? WHERE sid = ?",
        url,
        call.fields.get("FriendlyName", row["friendly_name"]),
        call.simulator.now(),
        row["sid"],
    )
    return JSONResponse(_trigger(call.simulator, _by_sid(call, row["sid"])))


async def _delete(call: Call) -> Response:
    call.ledger.write("DELETE FROM usage_trigger WHERE sid = ?", _by_sid(call, call.path["Sid"])["sid"])
    return Response(status_code=204)


@contextlib.asynccontextmanager
async def watching(simulator: Simulator) -> AsyncIterator[None]:
    """Look at all triggers from time to time, for as long as the context lasts."""

    async def watch() -> None:
        seen: dict[str, object] = {}
        while True:
            await fire_due(simulator, seen)
            await asyncio.sleep(simulator.settings.trigger_check.total_seconds())

    task = asyncio.create_task(watch())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def fire_due(simulator: Simulator, seen: dict[str, object]) -> None:
    """Call back for each trigger that is reached and has not fired in its present period.

    `seen` remembers how each account stood: what has not changed since is not summed up again.
    """
    now = simulator.clock.now().astimezone(UTC)
    for row in _unseen(simulator, seen, now):
        period = _period(row["recurring"], now).isoformat()
        if row["fired_in"] == period:
            continue
        current = _current(simulator, row)
        if current < Decimal(row["value"]):
            continue
        simulator.ledger.write(
            "UPDATE usage_trigger SET fired_in = ?, fired = ? WHERE sid = ?", period, now.timestamp(), row["sid"]
        )
        account = simulator.ledger.row("SELECT * FROM account WHERE sid = ?", row["account_sid"])
        told = UsageTrigger(
            trigger_sid=row["sid"],
            category=row["category"],
            trigger_by=row["trigger_by"],
            recurring=row["recurring"],
            trigger_value=row["value"],
            current_value=f"{current:f}",
        )
        if account is not None:
            (content,) = told.contents(account, now)
            signed = sign(row["callback_url"], content, account["auth_token"], token=str(uuid4()))
            await simulator.postman.post(signed)


def _unseen(simulator: Simulator, seen: dict[str, object], now: datetime) -> list[Row]:
    """The triggers of accounts that stand otherwise than when they were looked at last."""
    visible = as_of(simulator.ledger, now.timestamp())
    accounts = simulator.ledger.rows(
        "SELECT account_sid, max(seq) AS latest, count(*) AS triggers, (SELECT count(*) FROM used "
        "WHERE used.account_sid = usage_trigger.account_sid AND at <= ? AND seen <= ?) AS lines "
        "FROM usage_trigger GROUP BY account_sid",
        *(visible, now.timestamp()),
    )
    found: list[Row] = []
    for account in accounts:
        standing = (now.date(), *tuple(account))
        if seen.get(account["account_sid"]) != standing:
            seen[account["account_sid"]] = standing
            sql = "SELECT * FROM usage_trigger WHERE account_sid = ?"
            found += simulator.ledger.rows(sql, account["account_sid"])
    return found


def _current(simulator: Simulator, row: Any) -> Decimal:
    """What the field that is watched has come to in the present period."""
    now = simulator.clock.now().astimezone(UTC)
    found = amounts(simulator.ledger, [row["account_sid"]], _period(row["recurring"], now), now.date(), simulator.now())
    total = Amount()
    for day in found.values():
        total.add(day[row["category"]])
    values = {"count": Decimal(total.count), "usage": Decimal(total.usage), "price": Decimal(dollars(total.micros))}
    return values[row["trigger_by"]]


def _period(recurring: str, now: datetime) -> date:
    """The first day of the present period."""
    today = now.date()
    return {"daily": today, "monthly": today.replace(day=1), "yearly": today.replace(month=1, day=1)}.get(
        recurring, date.min
    )


def _number(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise TwilioError(400, 20001) from None
    if not value.is_finite() or value < 0:
        raise TwilioError(400, 20001)
    return value


def _by_sid(call: Call, sid: str) -> Row:
    row = call.ledger.row("SELECT * FROM usage_trigger WHERE sid = ? AND account_sid = ?", sid, call.account["sid"])
    if row is None:
        raise TwilioError(404, 20404)
    return row


def _trigger(simulator: Simulator, row: Row) -> dict[str, Any]:
    records = f"/2010-04-01/Accounts/{row['account_sid']}/Usage/Records.json"
    return {
        "account_sid": row["account_sid"],
        "api_version": "2010-04-01",
        "callback_method": "POST",
        "callback_url": row["callback_url"],
        "current_value": f"{_current(simulator, row):f}",
        "date_created": rfc2822(row["created"]),
        "date_fired": rfc2822(row["fired"]),
        "date_updated": rfc2822(row["updated"]),
        "friendly_name": row["friendly_name"],
        "recurring": row["recurring"] or "alltime",
        "sid": row["sid"],
        "trigger_by": row["trigger_by"],
        "trigger_value": row["value"],
        "uri": f"{_ROOT.format(AccountSid=row['account_sid'])}/{row['sid']}.json",
        "usage_category": row["category"],
        "usage_record_uri": f"{records}?Category={row['category']}",
    }


_ONE = f"{_ROOT}/{{Sid}}.json"
OPERATIONS = (
    Operation(
        "POST",
        f"{_ROOT}.json",
        frozenset({"CallbackUrl", "TriggerValue", "UsageCategory", "FriendlyName", "Recurring", "TriggerBy"}),
        _create,
    ),
    Operation("GET", f"{_ROOT}.json", PAGING | {"Recurring", "TriggerBy", "UsageCategory"}, _list),
    Operation("GET", _ONE, frozenset(), _fetch),
    Operation("POST", _ONE, frozenset({"CallbackUrl", "FriendlyName"}), _update),
    Operation("DELETE", _ONE, frozenset(), _delete),
)
