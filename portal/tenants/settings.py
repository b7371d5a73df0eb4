"""What a tenant sets for itself: the words that answer keywords, how long raw callbacks are kept, quiet hours."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from datetime import datetime, time
from enum import StrEnum

from portal.clock import new_id
from portal.database import TenantTransaction
from portal.problems import Problem, RefusedError

LONGEST_TEXT = 320
MOST_DAYS = 400
MOST_TOPICS, LONGEST_TOPIC = 12, 40
_COLUMNS = "help_text, stop_text, start_text, callback_days, topics, quiet_from, quiet_until"
_PLACES = {
    "help_text": "helpText",
    "stop_text": "stopText",
    "start_text": "startText",
    "callback_days": "callbackRetentionDays",
    "topics": "topics",
    "quiet_from": "quietHours",
    "quiet_until": "quietHours",
}


Value = str | int | time | Sequence[str]


class SettingsProblem(StrEnum):
    """Why settings are not changed."""

    INVALID = "INVALID"


@dataclass(frozen=True, slots=True)
class TenantSettings:
    """A tenant's settings; a tenant that has set none has these."""

    help_text: str = "Reply STOP to get no more messages from us. Message and data rates may apply."
    stop_text: str = "You will get no more messages from us. Reply START to get them again."
    start_text: str = "You will get our messages again. Reply HELP for help, STOP to stop them."
    callback_days: int = 30
    topics: Sequence[str] = ()
    """What consumers can choose among, such as "Offers"."""
    quiet_from: time | None = None  # by the clock where the recipient is
    quiet_until: time | None = None


async def read_settings(tx: TenantTransaction) -> TenantSettings:
    """The tenant's settings."""
    row = await tx.row(f"SELECT {_COLUMNS} FROM tenant_settings WHERE tenant_id = $1", tx.tenant_id)  # noqa: S608  constants
    return TenantSettings() if row is None else TenantSettings(*row)


async def update_settings(
    tx: TenantTransaction, values: Mapping[str, Value | None], *, now: datetime
) -> TenantSettings:
    """Change what is given, keep the rest; what is given as None is as it was before anybody set it.

    Args:
        tx: the tenant's transaction.
        values: by the names of `TenantSettings`.
        now: the present instant.

    Raises:
        RefusedError: a value is not acceptable.
    """
    given = {name: _stripped(value) for name, value in values.items()}
    problems = [problem for name, value in given.items() if (problem := _problem(name, value))]
    if given.get("quiet_from") is not None and given["quiet_from"] == given.get("quiet_until"):
        endless = "Quiet hours end at another time than they begin, or nothing would ever be sent."
        problems.append(Problem(SettingsProblem.INVALID, endless, ("quietHours", "until")))
    if problems:
        raise RefusedError(problems)
    # One at a time for a tenant, so that two who change different things both have their way.
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{tx.tenant_id}/settings")
    default = asdict(TenantSettings())
    changed = {name: default[name] if value is None else value for name, value in given.items()}
    settings = TenantSettings(**asdict(await read_settings(tx)) | changed)
    await tx.execute(
        f"INSERT INTO tenant_settings (tenant_id, id, {_COLUMNS}, updated_at) "  # noqa: S608  constants
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
        "ON CONFLICT (tenant_id) DO UPDATE SET help_text = excluded.help_text, stop_text = excluded.stop_text, "
        "start_text = excluded.start_text, callback_days = excluded.callback_days, topics = excluded.topics, "
        "quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until, updated_at = excluded.updated_at",
        tx.tenant_id,
        new_id(now),
        *astuple(settings),
        now,
    )
    return settings


def _stripped(value: Value | None) -> Value | None:
    if isinstance(value, str):
        return value.strip()
    return value if value is None or isinstance(value, int | time) else [one.strip() for one in value]


def _problem(name: str, value: Value | None) -> Problem | None:
    if isinstance(value, str) and not 1 <= len(value) <= LONGEST_TEXT:
        return Problem(SettingsProblem.INVALID, f"An answer has 1 to {LONGEST_TEXT} characters.", (_PLACES[name],))
    if isinstance(value, int) and not 1 <= value <= MOST_DAYS:
        return Problem(SettingsProblem.INVALID, f"Callbacks are kept for 1 to {MOST_DAYS} days.", (_PLACES[name],))
    if isinstance(value, list) and (
        len(set(value)) != len(value)
        or len(value) > MOST_TOPICS
        or not all(1 <= len(topic) <= LONGEST_TOPIC for topic in value)
    ):
        told = f"Name at most {MOST_TOPICS} different topics of 1 to {LONGEST_TOPIC} characters."
        return Problem(SettingsProblem.INVALID, told, (_PLACES[name],))
    return None
