"""The commands of the ISV's operator for its own people: give an account, list them, end one."""

from typing import Annotated

import typer

from api.home import encryption_key
from api.on_database import on_database
from api.settings import Settings
from auth.mailed_links import MailedLinks
from auth.permissions import StaffRole
from auth.sessions import Sessions
from auth.staff import add_staff, disable_staff, list_staff
from portal.clock import SystemClock
from portal.database import Database, DatabaseRole
from portal.encryption import SecretBox
from portal.mail.queue import MailQueue

staff = typer.Typer(no_args_is_help=True, help="The ISV's own people: support, and operators.")


@staff.command()
def add(
    email: Annotated[str, typer.Argument(help="Where the address to set a password is mailed to.")],
    name: Annotated[str, typer.Option(help="As tenants see it in their log.")],
    role: Annotated[StaffRole, typer.Option(case_sensitive=False, help="What the person is for the ISV.")],
) -> None:
    """Give somebody an account; the worker mails where to set the password. Do it again to mail it again."""

    async def give(database: Database, settings: Settings) -> None:
        queue = MailQueue(SecretBox(encryption_key(settings).get_secret_value()))
        clock = SystemClock()
        links = MailedLinks(clock, queue, public_url=settings.url, product_name=settings.product_name)
        async with database.as_role(DatabaseRole.AUTH) as tx:
            await add_staff(tx, clock.now(), links, email=email, name=name, role=role)
        typer.echo("The mail is on its way: the password is set within an hour, a second factor when first signed in.")

    on_database(give)


@staff.command("list")
def show() -> None:
    """List them."""

    async def listing(database: Database, _: Settings) -> None:
        async with database.as_role(DatabaseRole.AUTH, read_only=True) as tx:
            found = await list_staff(tx)
        for each in found:
            typer.echo(f"{each.email}  {each.name}  {each.role}{'  disabled' if each.disabled_at else ''}")

    on_database(listing)


@staff.command()
def disable(email: str) -> None:
    """End an account: its sessions end, its tokens are refused."""

    async def end(database: Database, _: Settings) -> None:
        clock = SystemClock()
        async with database.as_role(DatabaseRole.AUTH) as tx:
            await disable_staff(tx, clock.now(), Sessions(database, clock), email)

    on_database(end)
