"""Applies status callbacks to the messages that they name."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from portal.callbacks.applying import Applier, Callback
from portal.database import TenantTransaction
from portal.messages.provider import StatusReport, StatusReports
from portal.messages.recording import EventSource, News, record
from portal.messages.status import Standing

log = structlog.get_logger(__name__)


def status_applier(reports: StatusReports) -> Applier:
    """The applier of `MESSAGE_STATUS`; `reports` knows the provider's fields."""

    async def apply(tx: TenantTransaction, callbacks: Sequence[Callback], now: datetime) -> None:
        await record(tx, [news for callback in callbacks if (news := _news(reports, callback))], now=now)

    return apply


def _news(reports: StatusReports, callback: Callback) -> News | None:
    report = _read(reports, callback)
    if report is None or callback.message_id is None:
        return None
    standing = Standing(report.status, report.issue)
    at = report.at or callback.received_at
    return News(callback.message_id, standing, at, EventSource.CALLBACK, report.reference, error=report.error)


def _read(reports: StatusReports, callback: Callback) -> StatusReport | None:
    """What a callback says; one that cannot be read stays as it came, and does not stop the others."""
    try:
        return reports.read(callback.content)
    except Exception as error:
        log.exception("callback_not_read", callback_id=str(callback.id), error=type(error).__name__)
        return None
