"""Emptying and deleting what the portal's own tables hold of a person; done again it finds nothing, and harms nothing.

What bills and counts are made of stays, without number, body and contact.
"""

from collections.abc import Sequence
from uuid import UUID

from portal.database import TenantTransaction
from portal.erasure.receipts import Erased
from portal.global_ids import global_id
from portal.shield.windows import forget_numbers

_COUNTERPART = "(CASE direction WHEN 'INBOUND' THEN sender_number ELSE recipient_number END)"
_IN_FLIGHT = "provider_reference IS NULL AND status IN ('SENDING', 'CONFIRMING', 'QUEUED', 'SCHEDULED')"
_OF_THEM = f"(contact_id = $2 OR {_COUNTERPART} = ANY($3::text[]))"
_CALL_UNDER_WAY = "provider_reference IS NULL AND status = 'QUEUED'"
_CALLS_OF_THEM = "(contact_id = $2 OR sender_number = ANY($3::text[]) OR recipient_number = ANY($3::text[]))"


async def count_in_flight(tx: TenantTransaction, contact_id: UUID, numbers: Sequence[str]) -> int:
    """How many messages and calls are being handed over: till that has ended they need their text and number."""
    sql = (
        f"SELECT (SELECT count(*) FROM message WHERE tenant_id = $1 AND {_OF_THEM} AND {_IN_FLIGHT}) + "  # noqa: S608  constants
        f"(SELECT count(*) FROM call WHERE tenant_id = $1 AND {_CALLS_OF_THEM} AND {_CALL_UNDER_WAY})"
    )
    return int(await tx.value(sql, tx.tenant_id, contact_id, list(numbers)))


async def empty_rows(tx: TenantTransaction, contact_id: UUID, numbers: Sequence[str]) -> dict[Erased, int]:
    """What the application itself may empty and delete; how many rows of what."""
    statements = {
        Erased.MESSAGES: (
            "UPDATE message SET body = NULL, content_variables = NULL, media = NULL, "  # noqa: S608  constants
            "contact_id = NULL, ask_at = NULL, "
            "sender_number = CASE direction WHEN 'INBOUND' THEN NULL ELSE sender_number END, "
            "recipient_number = CASE direction WHEN 'INBOUND' THEN recipient_number ELSE '' END "
            f"WHERE tenant_id = $1 AND id IN (SELECT id FROM message WHERE tenant_id = $1 AND {_OF_THEM} "
            f"AND NOT ({_IN_FLIGHT}) ORDER BY id FOR UPDATE)"  # in the order of ids, as everybody locks
        ),
        Erased.CALLS: (
            "UPDATE call SET announcement = NULL, contact_id = NULL, "  # noqa: S608  constants
            "sender_number = CASE WHEN sender_number = ANY($3::text[]) THEN '' ELSE sender_number END, "
            "recipient_number = CASE WHEN contact_id = $2 OR recipient_number = ANY($3::text[]) THEN '' "
            "ELSE recipient_number END "
            f"WHERE tenant_id = $1 AND {_CALLS_OF_THEM} AND NOT ({_CALL_UNDER_WAY})"
        ),
        Erased.REFUSALS: (
            "UPDATE message_refusal SET contact_id = NULL, number = NULL "
            "WHERE tenant_id = $1 AND (contact_id = $2 OR number = ANY($3::text[]))"
        ),
        Erased.CONVERSATIONS: (
            "DELETE FROM conversation WHERE tenant_id = $1 AND $2::uuid IS NOT NULL AND number = ANY($3::text[])"
        ),
    }
    # The hash of a request to one number tells the number to who tries them all: another one fits no request any more.
    hashes = (
        "UPDATE idempotency_key SET request_hash = sha256(uuid_send(gen_random_uuid())) WHERE tenant_id = $1 "  # noqa: S608  constants
        f"AND result_id IN (SELECT batch_id FROM message WHERE tenant_id = $1 AND {_OF_THEM} "
        f"UNION ALL SELECT id FROM call WHERE tenant_id = $1 AND {_CALLS_OF_THEM})"
    )
    await tx.execute(hashes, tx.tenant_id, contact_id, list(numbers))
    erased = {what: await tx.execute(sql, tx.tenant_id, contact_id, list(numbers)) for what, sql in statements.items()}
    sql = "DELETE FROM consumer WHERE tenant_id = $1 AND number = ANY($2::text[])"
    await tx.execute(sql, tx.tenant_id, list(numbers))
    await forget_numbers(tx, numbers)
    return erased


async def find_events(tx: TenantTransaction, contact_id: UUID, numbers: Sequence[str]) -> list[UUID]:
    """What webhooks were told of them."""
    sql = (
        "SELECT id FROM webhook_event WHERE tenant_id = $1 "
        "AND (data ->> 'from' = ANY($2::text[]) OR data ->> 'contactId' = $3)"
    )
    return [row["id"] for row in await tx.rows(sql, tx.tenant_id, list(numbers), global_id("Contact", contact_id))]


async def delete_rows(tx: TenantTransaction, events: Sequence[UUID], numbers: Sequence[str]) -> dict[Erased, int]:
    """What only the worker's role may delete: evidence, the provider's raw reports, and what was told to webhooks."""
    texts = list(numbers)
    consents = "DELETE FROM contact_consent WHERE tenant_id = $1 AND number = ANY($2::text[])"
    reports = (
        "DELETE FROM callback_inbox WHERE tenant_id = $1 AND applied_at IS NOT NULL "
        "AND (fields ->> 'To' = ANY($2::text[]) OR fields ->> 'From' = ANY($2::text[]))"
    )
    deliveries = "DELETE FROM webhook_delivery WHERE tenant_id = $1 AND event_id = ANY($2::uuid[])"
    told = "DELETE FROM webhook_event WHERE tenant_id = $1 AND id = ANY($2::uuid[])"
    await tx.execute(deliveries, tx.tenant_id, list(events))
    return {
        Erased.CONSENTS: await tx.execute(consents, tx.tenant_id, texts),
        Erased.REPORTS: await tx.execute(reports, tx.tenant_id, texts),
        Erased.EVENTS: await tx.execute(told, tx.tenant_id, list(events)),
    }


async def find_targets(tx: TenantTransaction, contact_id: UUID, numbers: Sequence[str]) -> list[str]:
    """The global ids under which the audit log still tells something of them."""
    sql = "SELECT id FROM conversation WHERE tenant_id = $1 AND number = ANY($2::text[])"
    talks = [global_id("Conversation", row["id"]) for row in await tx.rows(sql, tx.tenant_id, list(numbers))]
    told = "SELECT DISTINCT target FROM audit_entry WHERE tenant_id = $1 AND target = ANY($2::text[])"
    targets = [global_id("Contact", contact_id), *talks]
    return [row["target"] for row in await tx.rows(f"{told} AND erased_at IS NULL", tx.tenant_id, targets)]
