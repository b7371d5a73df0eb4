"""Applies what the provider calls back about calls."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from portal.callbacks.applying import Applier, Callback
from portal.calls.provider import CallReport, CallReports
from portal.calls.recording import news_of, record_calls
from portal.database import TenantTransaction

log = structlog.get_logger(__name__)


def call_applier(reports: CallReports) -> Applier:
    """The applier of `CALL_STATUS`; `reports` knows the provider's fields."""

    async def apply(tx: TenantTransaction, callbacks: Sequence[Callback], now: datetime) -> None:
        news = [
            news_of(report, callback.received_at, callback.message_id)
            for callback in callbacks
            if (report := _read(reports, callback)) is not None
        ]
        await record_calls(tx, news, now=now)

    return apply


def _read(reports: CallReports, callback: Callback) -> CallReport | None:
    """What a callback says; one that cannot be read stays as it came, and does not stop the others."""
    try:
        return reports.read(callback.content)
    except Exception as error:
        log.exception("callback_not_read", callback_id=str(callback.id), error=type(error).__name__)
        return None
