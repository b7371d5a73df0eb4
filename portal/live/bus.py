"""The port to what carries changes from process to process."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID


class BusUnavailableError(Exception):
    """Nothing can be told or heard just now."""


class Bus(ABC):
    """Carries payloads by topic, one topic for each tenant; what is told while nobody listens is gone."""

    def __init__(self) -> None:
        self.hear: Callable[[UUID, str], None] = lambda _, __: None
        """Takes each payload that was told of a tenant."""
        self.lose: Callable[[], None] = lambda: None
        """Learns that payloads may have been missed, and that nothing is listened to any more."""

    @abstractmethod
    async def publish(self, told: Mapping[UUID, Sequence[str]]) -> None:
        """Tell each tenant's listeners its payloads, in every process, this one included.

        Raises:
            BusUnavailableError: some may not have been told; telling again does no harm.
        """

    @abstractmethod
    async def listen(self, tenant_id: UUID) -> None:
        """Hear what is told of this tenant from when this returns.

        Raises:
            BusUnavailableError: it is not heard.
        """

    @abstractmethod
    async def unlisten(self, tenant_id: UUID) -> None:
        """Hear of this tenant no longer."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of what it holds."""
