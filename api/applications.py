"""The commands of the ISV's operator for identity: register applications, rotate the signing keys."""

import json
from pathlib import Path
from typing import Annotated

import typer

from api.home import encryption_key
from api.on_database import on_database
from api.settings import Settings
from auth.keys import SigningKeys
from auth.oauth.applications import ApplicationOffer, add_application, disable_application, list_applications
from auth.oauth.authentication_method import AuthenticationMethod
from auth.permissions import Permission, permissions_named
from portal.clock import SystemClock
from portal.database import Database, DatabaseRole
from portal.encryption import SecretBox

applications = typer.Typer(no_args_is_help=True, help="Other people's programs that act for a person, after consent.")
keys = typer.Typer(no_args_is_help=True, help="The keys that sign access tokens.")


@applications.command()
def add(
    name: Annotated[str, typer.Argument(help="As people see it when they are asked.")],
    redirect_uri: Annotated[list[str], typer.Option(help="Where people are sent back to; may be given again.")],
    scope: Annotated[list[str], typer.Option(help="What it may ask for, such as messages:send; may be given again.")],
    authentication: Annotated[
        AuthenticationMethod, typer.Option(case_sensitive=False, help="How it proves itself.")
    ] = (AuthenticationMethod.NONE),
    public_keys: Annotated[Path | None, typer.Option(help="A file with its JSON Web Key Set.")] = None,
    *,
    for_staff: Annotated[bool, typer.Option(help="For the ISV's own people, and only for them.")] = False,
) -> None:
    """Register an application, and print its client id and, this once, its secret."""
    offer = ApplicationOffer(
        name, redirect_uri, _permissions(scope), authentication, _key_set(public_keys), for_staff=for_staff
    )

    async def register(database: Database, _: Settings) -> None:
        async with database.as_role(DatabaseRole.AUTH) as tx:
            made = await add_application(tx, SystemClock().now(), offer)
        typer.echo(f"client_id      {made.client_id}")
        if made.client_secret:
            typer.echo(f"client_secret  {made.client_secret}\nKeep the secret: it is not shown again.")

    on_database(register)


@applications.command("list")
def show() -> None:
    """List the applications."""

    async def listing(database: Database, _: Settings) -> None:
        async with database.as_role(DatabaseRole.AUTH, read_only=True) as tx:
            found = await list_applications(tx)
        for each in found:
            state = "disabled" if each.disabled_at else "for staff" if each.for_staff else "for tenants"
            typer.echo(f"{each.client_id}  {each.name}  {state}  {each.authentication}  {' '.join(each.scopes)}")

    on_database(listing)


@applications.command()
def disable(client_id: str) -> None:
    """End an application: its tokens are refused from now on."""

    async def end(database: Database, _: Settings) -> None:
        async with database.as_role(DatabaseRole.AUTH) as tx:
            if not await disable_application(tx, SystemClock().now(), client_id):
                raise ValueError("there is no such application, or it is disabled already")

    on_database(end)


@keys.command()
def rotate() -> None:
    """Publish a new key, which signs in ten minutes; the old one is believed as long as its tokens live."""

    async def turn(database: Database, settings: Settings) -> None:
        box = SecretBox(encryption_key(settings).get_secret_value())
        kid = await SigningKeys(database, SystemClock(), box).rotate()
        if kid is None:
            raise ValueError("there is no key yet, or a new one waits already")
        typer.echo(f"The key {kid} is published, and signs in ten minutes.")

    on_database(turn)


def _permissions(scopes: list[str]) -> frozenset[Permission]:
    found = permissions_named(scopes)
    known = {permission.scope for permission in found}
    if unknown := [scope for scope in scopes if scope not in known]:
        raise typer.BadParameter(f"there is no scope {', '.join(unknown)}; docs/ROLES.md lists them")
    return found


def _key_set(file: Path | None) -> dict[str, object] | None:
    if file is None:
        return None
    try:
        found: dict[str, object] = json.loads(file.read_text())
    except (OSError, ValueError):
        raise typer.BadParameter("the file of public keys cannot be read as JSON") from None
    return found
