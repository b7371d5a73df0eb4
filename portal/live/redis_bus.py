"""Carries changes by Redis: for more commits a second than PostgreSQL's notifications bear, or behind PgBouncer."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from uuid import UUID

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from portal.live.bus import Bus, BusUnavailableError

_PREFIX = "portal:tenant:"
_SECONDS = 5.0  # how long Redis may take to answer
_PROOF_SECONDS = 15


class RedisBus(Bus):
    """A channel for each tenant."""

    def __init__(self, url: str) -> None:
        super().__init__()
        # Without retries: a connection that is quietly made anew would hide that something was missed.
        self._redis = Redis.from_url(
            url,
            retry=Retry(NoBackoff(), 0),
            socket_connect_timeout=_SECONDS,
            socket_timeout=_SECONDS,
            health_check_interval=_PROOF_SECONDS,
        )
        self._listening: PubSub | None = None
        self._reading: asyncio.Task[None] | None = None
        self._confirmed: dict[UUID, asyncio.Future[None]] = {}

    async def publish(self, told: Mapping[UUID, Sequence[str]]) -> None:
        """Publish, in one round trip."""
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for tenant_id, payloads in told.items():
                    for payload in payloads:
                        pipeline.publish(_channel(tenant_id), payload)
                await pipeline.execute()
        except (RedisError, OSError) as error:
            raise BusUnavailableError from error

    async def listen(self, tenant_id: UUID) -> None:
        """Subscribe to the tenant's channel, and wait until Redis has confirmed it."""
        if self._listening is None:
            self._listening = self._redis.pubsub()
        confirmed = self._confirmed.get(tenant_id)
        if confirmed is None:
            confirmed = self._confirmed[tenant_id] = asyncio.get_running_loop().create_future()
            listening = self._listening
            try:
                await listening.subscribe(_channel(tenant_id))
            except (RedisError, OSError) as error:
                self._fail(listening)
                raise BusUnavailableError from error
        if self._reading is None:
            self._reading = asyncio.create_task(self._read(self._listening))
        try:
            async with asyncio.timeout(_SECONDS):
                await asyncio.shield(confirmed)
        except TimeoutError as error:
            raise BusUnavailableError from error

    async def unlisten(self, tenant_id: UUID) -> None:
        """Unsubscribe."""
        if self._confirmed.pop(tenant_id, None) is not None and self._listening is not None:
            with contextlib.suppress(RedisError, OSError):  # the reader meets the same, and tells of it
                await self._listening.unsubscribe(_channel(tenant_id))

    async def close(self) -> None:
        """Close all connections."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self._listening is not None:
            await self._listening.aclose()  # type: ignore[no-untyped-call]  # one of the few methods without types
        await self._redis.aclose()

    async def _read(self, listening: PubSub) -> None:
        try:
            while True:
                message = await listening.get_message(timeout=_PROOF_SECONDS)
                if message is None:
                    continue
                tenant_id = UUID(message["channel"].decode().removeprefix(_PREFIX))
                if message["type"] == "message":
                    self.hear(tenant_id, message["data"].decode())
                elif message["type"] == "subscribe":
                    self._confirm(tenant_id)
        except (RedisError, OSError):
            self._fail(listening)
        finally:
            with contextlib.suppress(RedisError, OSError):
                await listening.aclose()  # type: ignore[no-untyped-call]  # the same

    def _confirm(self, tenant_id: UUID) -> None:
        confirmed = self._confirmed.get(tenant_id)
        if confirmed is not None and not confirmed.done():
            confirmed.set_result(None)

    def _fail(self, listening: PubSub) -> None:
        if listening is not self._listening:  # a new one has taken its place
            return
        self._listening = self._reading = None
        lost, self._confirmed = self._confirmed, {}
        for confirmed in lost.values():
            if not confirmed.done():
                confirmed.set_exception(BusUnavailableError())
                confirmed.exception()  # nobody need be waiting
        self.lose()


def _channel(tenant_id: UUID) -> str:
    return f"{_PREFIX}{tenant_id.hex}"
