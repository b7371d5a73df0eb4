"""What can be looked on at: fields that are read again for each change, in a transaction like a query's.

The root value is the change. Without one a field only says what concerns it, once its permission and its arguments are
checked: when somebody begins to look on, and from time to time afterwards. Null without an error is never delivered.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from portal.live.changes import Change, ChangeKind
from portal.messages.batches import read_batches_by_id
from portal.messages.reading import read_messages_by_id
from portal.messages.status import MessageStatus
from portal_schema.alerts import READ as ALERTS
from portal_schema.alerts import Alert, load_alert
from portal_schema.connections import selected
from portal_schema.contact_imports import READ as CONTACTS
from portal_schema.contact_imports import ContactImport, load_import
from portal_schema.context import Info
from portal_schema.delivery import CONTENT, LOGS
from portal_schema.errors import ErrorCode, RequestError
from portal_schema.messages import Message, read_message
from portal_schema.nodes import NOWHERE, key_of
from portal_schema.plans import READ as USAGE
from portal_schema.plans import Allowance, find_allowance
from portal_schema.usage_syncs import UsageSync, load_sync


@strawberry.type(description="A message's status as it is since a change of it.", directives=LOGS)
class MessageStatusChange:
    """What changed, small, and the message to select more of."""

    message: Message = strawberry.field(description="The message.")
    status: MessageStatus = strawberry.field(description="Where it stands now: changes close together are told once.")
    at: datetime = strawberry.field(description="Since when it stands there.")


@strawberry.type(
    description="What can be looked on at, over a WebSocket (graphql-transport-ws) or server-sent events. Subscribe "
    "first and read afterwards, and do both again when a subscription ends: nothing is kept for who is away."
)
class Subscription:
    """The root of subscriptions."""

    @strawberry.field(description="The status of a message changed.", directives=LOGS)
    async def message_status_changed(
        self,
        info: Info,
        batch_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only messages of this send; of all unless given.")
        ] = None,
        message_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only this message; all unless given.")
        ] = None,
    ) -> MessageStatusChange | None:
        batch = None if batch_id is None else key_of("MessageBatch", batch_id)
        message = None if message_id is None else key_of("Message", message_id)
        change = _change(info)
        if change is None:
            await _check_exist(info, batch, message)
            _look_on(info, ChangeKind.MESSAGE_STATUS, message)
            return None
        found = await read_message(info, change.id or NOWHERE, selected(info, "message"), of_batch=batch)
        if found is None:
            return None
        return MessageStatusChange(message=found, status=found.status, at=found.status_at)

    @strawberry.field(description="Somebody wrote to the tenant.", directives=CONTENT)
    async def message_received(self, info: Info) -> Message | None:
        change = _change(info)
        if change is None:
            _look_on(info, ChangeKind.MESSAGE_RECEIVED)
            return None
        return await read_message(info, change.id or NOWHERE, selected(info))

    @strawberry.field(description="What the tenant may still send is not what it was.", directives=USAGE)
    async def allowance_changed(self, info: Info) -> Allowance | None:
        if _change(info) is None:
            _look_on(info, ChangeKind.ALLOWANCE)
            return None
        return await find_allowance(info, info.context.tx.tenant_id)

    @strawberry.field(
        description="Something went wrong, and the tenant's rules for alerts tell of it on the page.", directives=ALERTS
    )
    async def alert_raised(self, info: Info) -> Alert | None:
        change = _change(info)
        if change is None:
            _look_on(info, ChangeKind.ALERT)
            return None
        return await load_alert(info, change.id or NOWHERE)

    @strawberry.field(description="An import got on or ended.", directives=CONTACTS)
    async def import_progress(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The import's id.")]
    ) -> ContactImport | None:
        key = key_of("ContactImport", id)
        found = await load_import(info, key)
        if _change(info) is None:
            if found is None:
                raise RequestError(ErrorCode.NOT_FOUND, "The tenant has no such import.")
            _look_on(info, ChangeKind.CONTACT_IMPORT, key)
            return None
        return found

    @strawberry.field(
        description="A sync of the provider's usage was asked for, got on or ended: reports may say more.",
        directives=USAGE,
    )
    async def usage_sync_changed(self, info: Info) -> UsageSync | None:
        change = _change(info)
        if change is None:
            _look_on(info, ChangeKind.USAGE_SYNC)
            return None
        return await load_sync(info, change.id or NOWHERE)


def _change(info: Info) -> Change | None:
    change: Change | None = info.root_value
    return change


def _look_on(info: Info, kind: ChangeKind, key: UUID | None = None) -> None:
    info.context.concerns = lambda change: change.kind is kind and key in {None, change.id}


async def _check_exist(info: Info, batch: UUID | None, message: UUID | None) -> None:
    tx = info.context.tx
    if batch is not None and batch not in await read_batches_by_id(tx, [batch]):
        raise RequestError(ErrorCode.NOT_FOUND, "The tenant has no such send.")
    if message is not None and message not in await read_messages_by_id(tx, [message]):
        raise RequestError(ErrorCode.NOT_FOUND, "The tenant has no such message.")
