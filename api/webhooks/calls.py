"""Answers calls to tenants' numbers: asked by Twilio, worked out in one transaction, and written as TwiML."""

from collections.abc import Callable, Mapping
from functools import partial
from uuid import UUID

from api.webhooks.addresses import call_callback_url
from api.webhooks.routes import AnswerCall
from portal.calls.answering import answer_call
from portal.calls.provider import Reject
from portal.clock import Clock
from portal.database import Database
from twilio_gateway.call_reports import TwilioCallReports
from twilio_gateway.voice import TwilioCallAnswers


def call_answers(database: Database, clock: Clock, public_url: str) -> AnswerCall:
    """What answers calls; `public_url` is where Twilio tells of the calls that a forward makes."""
    return partial(_answer, database, clock, call_callback_url(public_url))


async def _answer(
    database: Database,
    clock: Clock,
    callback_url: Callable[[UUID, UUID], str],
    tenant_id: UUID,
    fields: Mapping[str, str],
) -> str:
    report = TwilioCallReports().read(fields)
    if report is None:
        return TwilioCallAnswers().write(Reject())
    async with database.for_tenant(tenant_id) as tx:
        answer = await answer_call(tx, report, callback_url, now=clock.now())
    return TwilioCallAnswers().write(answer)
