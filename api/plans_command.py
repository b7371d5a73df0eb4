"""`portal plans`: the operator's command that fills a catalogue with the plans that are ready to use."""

from typing import Annotated

import typer

from api.announcement import say, tell
from api.failures import PortalError
from api.on_database import on_database
from api.settings import Settings
from portal.clock import SystemClock
from portal.database import Database, DatabaseRole
from portal.plans.catalogue import add_missing
from portal.plans.ready_made import ready_made
from portal.problems import RefusedError
from portal.rates.cards import NO_CARD, read_current_card

plans = typer.Typer(no_args_is_help=True, help="The catalogue of plans.")
_BY = "The command line"


@plans.callback()
def _several() -> None:
    """Keep `add-ready-made` a command of its own."""


@plans.command()
def add_ready_made(*, on_sale: Annotated[bool, typer.Option(help="Publish them at once.")] = False) -> None:
    """Add the plans that are ready to use, as drafts; a name that has a version already stays as it is."""

    async def add(database: Database, _: Settings) -> None:
        plans, now = ready_made(), SystemClock().now()
        try:
            async with database.as_role(DatabaseRole.OPERATOR) as tx:
                added = await add_missing(tx, plans, _BY, on_sale=on_sale, now=now)
                card = await read_current_card(tx)
        except RefusedError as refused:
            raise PortalError(refused.problems[0].message) from None
        names, done = {plan.name for plan in added}, "on sale" if on_sale else "added as a draft"
        for plan in plans:
            say(f"{plan.name}: {done if plan.name in names else 'there already'}.")
        if added and not on_sale:
            tell("Look at each, change what you sell otherwise, and publish it.")
        if card is NO_CARD:
            tell("There is no rate card yet, so costs are estimated as nothing: publish one with portal rates publish.")

    on_database(add)
