"""The portal with sends that reserve nothing: what the ledger takes of accepting one is the difference."""

from datetime import datetime
from typing import Any
from unittest.mock import patch

from starlette.applications import Starlette

from api.app import create_app as create_portal
from api.settings import load_settings
from portal.database import TenantTransaction
from portal.plans.balances import LockedBalance, lock_balance
from portal.plans.reserving import read_means


class Unlocked:
    """A balance that is made once and read ever after: nobody waits for it, and nothing is taken of it."""

    def __init__(self) -> None:
        self._made: LockedBalance | None = None

    async def read(self, tx: TenantTransaction, *, now: datetime) -> LockedBalance | None:
        """The plan and what is left of it, in one statement that writes nothing."""
        if self._made is None:
            self._made = await lock_balance(tx, now=now)
        await read_means(tx, now=now)
        return self._made


async def keep_nothing(*_: Any, **__: Any) -> None:
    """Leave the ledger as it is."""


def create_app() -> Starlette:
    """The portal whose sends read the allowance, and neither lock nor change it."""
    patch("portal.messages.sending.lock_balance", Unlocked().read).start()
    patch("portal.messages.accepting.reserve", keep_nothing).start()
    return create_portal(load_settings())
