"""Accounts, subaccounts and API keys."""

import secrets
from sqlite3 import Row
from typing import Any

from starlette.responses import JSONResponse, Response

from twilio_gateway.simulator.access import digest, reach
from twilio_gateway.simulator.ledger import Ledger, new_sid
from twilio_gateway.simulator.operations import PAGING, Call, Operation
from twilio_gateway.simulator.settings import SimulatorSettings
from twilio_gateway.simulator.used import charge_numbers, day_of
from twilio_gateway.simulator.wire import Page, TwilioError, rfc2822

_ROOT = "/2010-04-01/Accounts"
_STATUSES = frozenset({"active", "suspended", "closed"})
_MOST_SUBACCOUNTS = 1000


def open_parent(ledger: Ledger, settings: SimulatorSettings, now: float) -> None:
    """See to it that the parent account is there, with the token of the settings."""
    ledger.write(
        "INSERT INTO account (sid, owner_sid, friendly_name, status, auth_token, created, updated) "
        "VALUES (?, ?, 'Parent', 'active', ?, ?, ?) ON CONFLICT (sid) DO UPDATE SET auth_token = excluded.auth_token",
        settings.parent_sid,
        settings.parent_sid,
        settings.parent_token,
        now,
        now,
    )


async def _create(call: Call) -> Response:
    if not call.caller.is_parent:
        raise TwilioError(401, 20003)
    owned = call.ledger.rows("SELECT sid FROM account WHERE owner_sid = ? AND status <> 'closed'", call.account["sid"])
    if len(owned) > _MOST_SUBACCOUNTS:  # the parent itself is among them
        raise TwilioError(400, 21480)
    now = call.simulator.now()
    sid = new_sid("AC")
    call.ledger.insert(
        "account",
        sid=sid,
        owner_sid=call.account["sid"],
        friendly_name=call.fields.get("FriendlyName", "SubAccount"),
        status="active",
        auth_token=secrets.token_hex(16),
        created=now,
        updated=now,
    )
    return JSONResponse(_account(_by_sid(call.ledger, sid)), 201)


async def _list(call: Call) -> Response:
    page = Page(call.fields)
    rows = call.ledger.rows(
        "SELECT * FROM account WHERE (owner_sid = ?1 OR sid = ?1) AND (?2 IS NULL OR friendly_name = ?2) "
        "AND (?3 IS NULL OR status = ?3) AND (?4 IS NULL OR seq < ?4) ORDER BY seq DESC LIMIT ?5",
        call.account["sid"],
        call.fields.get("FriendlyName"),
        call.fields.get("Status"),
        page.after,
        page.size + 1,
    )
    return JSONResponse(page.legacy("accounts", f"{_ROOT}.json", rows, _account))


async def _fetch(call: Call) -> Response:
    return JSONResponse(_account(reach(call.ledger, call.caller, call.path["Sid"])))


async def _update(call: Call) -> Response:
    account = reach(call.ledger, call.caller, call.path["Sid"])
    status = call.fields.get("Status", account["status"])
    if status not in _STATUSES or (account["status"] == "closed" and status != "closed"):
        raise TwilioError(400, 20001)
    # Only the parent suspends and closes, and never itself.
    if status != account["status"] and (not call.caller.is_parent or account["sid"] == call.caller.account["sid"]):
        raise TwilioError(401, 20003)
    with call.ledger.transaction():
        call.ledger.write(
            "UPDATE account SET status = ?, friendly_name = ?, updated = ? WHERE sid = ?",
            status,
            call.fields.get("FriendlyName", account["friendly_name"]),
            call.simulator.now(),
            account["sid"],
        )
        if status == "closed":  # for good, and its numbers go back
            charge_numbers(call.ledger, [account["sid"]], day_of(call.simulator.now()))
            call.ledger.write("DELETE FROM number WHERE account_sid = ?", account["sid"])
    return JSONResponse(_account(_by_sid(call.ledger, account["sid"])))


async def _create_key(call: Call) -> Response:
    secret = secrets.token_urlsafe(24)
    key = {
        "sid": new_sid("SK"),
        "account_sid": call.account["sid"],
        "friendly_name": call.fields.get("FriendlyName", ""),
        "created": call.simulator.now(),
    }
    call.ledger.insert("api_key", **key, secret_sha256=digest(secret))
    return JSONResponse({**_key(key), "secret": secret}, 201)


async def _list_keys(call: Call) -> Response:
    page = Page(call.fields)
    rows = call.ledger.rows(
        "SELECT * FROM api_key WHERE account_sid = ?1 AND (?2 IS NULL OR seq < ?2) ORDER BY seq DESC LIMIT ?3",
        call.account["sid"],
        page.after,
        page.size + 1,
    )
    return JSONResponse(page.legacy("keys", f"{_ROOT}/{call.account['sid']}/Keys.json", rows, _key))


def _by_sid(ledger: Ledger, sid: str) -> Row:
    return ledger.rows("SELECT * FROM account WHERE sid = ?", sid)[0]


def _account(row: Row) -> dict[str, Any]:
    uri = f"{_ROOT}/{row['sid']}"
    return {
        "sid": row["sid"],
        "owner_account_sid": row["owner_sid"],
        "friendly_name": row["friendly_name"],
        "status": row["status"],
        "type": "Full",
        "auth_token": row["auth_token"],
        "date_created": rfc2822(row["created"]),
        "date_updated": rfc2822(row["updated"]),
        "subresource_uris": {"messages": f"{uri}/Messages.json", "keys": f"{uri}/Keys.json"},
        "uri": f"{uri}.json",
    }


def _key(row: Row | dict[str, Any]) -> dict[str, Any]:
    return {
        "sid": row["sid"],
        "friendly_name": row["friendly_name"],
        "date_created": rfc2822(row["created"]),
        "date_updated": rfc2822(row["created"]),
    }


_KEYS = f"{_ROOT}/{{AccountSid}}/Keys.json"
OPERATIONS = (
    Operation("POST", f"{_ROOT}.json", frozenset({"FriendlyName"}), _create, keys=False),
    Operation("GET", f"{_ROOT}.json", PAGING | {"FriendlyName", "Status"}, _list, keys=False),
    Operation("GET", f"{_ROOT}/{{Sid}}.json", frozenset(), _fetch, keys=False),
    Operation("POST", f"{_ROOT}/{{Sid}}.json", frozenset({"FriendlyName", "Status"}), _update, keys=False),
    Operation("POST", _KEYS, frozenset({"FriendlyName"}), _create_key, keys=False),
    Operation("GET", _KEYS, PAGING, _list_keys, keys=False),
)
