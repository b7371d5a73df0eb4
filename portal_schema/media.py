"""Media of a send, looked at before its transaction begins: it may take seconds."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from portal.idempotency import was_used
from portal.messages.media import Media, MediaClient, MediaFault, check_found, check_number
from portal.messages.sending import OPERATION
from portal_schema.context import RequestContext


async def look_at_media(
    context: RequestContext, arguments: Mapping[str, Any], check_allowed: Callable[[], None]
) -> None:
    """Look at the media of a `messageSend`, unless its key was used: then nothing is sent that was not looked at.

    Raises:
        RefusedError: a message with them would not be taken.
    """
    urls: Sequence[str] = arguments["input"].get("mediaUrls") or ()
    context.media = tuple(Media(url) for url in urls)
    if not urls:
        return
    async with context.writing():
        check_allowed()
        check_number(urls)
        actor = context.principal.actor
        used = await was_used(context.tx, OPERATION, actor, arguments["input"]["idempotencyKey"])
    if not used:
        context.media = check_found(await asyncio.gather(*(context.outside.media.look_at(url) for url in urls)))


def media_given(client: MediaClient, urls: Sequence[str] | None) -> tuple[Media, ...]:
    """The media of an estimate, which are not fetched.

    Raises:
        RefusedError: there are too many, or a URL is none that media are fetched from.
    """
    check_number(urls or ())
    found: list[Media | MediaFault] = [client.fault_of(url) or Media(url) for url in urls or ()]
    return check_found(found)
