"""What the tests of templates ask again and again."""

from typing import Any

from tests.product import Caller

_STANDING = (
    "id kind topic archivedAt current { id number content { state reason } } versions { number content { state } }"
)
_CREATE = f"""mutation ($input: TemplateCreateInput!) {{
  templateCreate(input: $input) {{ template {{ {_STANDING} }} errors {{ code path }} }}
}}"""
_UPDATE = f"""mutation ($id: ID!, $input: TemplateUpdateInput!) {{
  templateUpdate(id: $id, input: $input) {{ template {{ {_STANDING} }} errors {{ code path }} }}
}}"""
_READ = f"query ($id: ID!) {{ template(id: $id) {{ {_STANDING} }} }}"
_CONTACT = "mutation ($input: ContactCreateInput!) { contactCreate(input: $input) { contact { id } errors { code } } }"


async def create(caller: Caller, body: str, **more: Any) -> Any:
    """The payload of a creation."""
    given = {"name": body[:50], "category": "NOTIFICATION", "body": body}
    return (await caller.run(_CREATE, input=given | more))["templateCreate"]


async def made(caller: Caller, body: str, **more: Any) -> str:
    """The id of a new template."""
    payload = await create(caller, body, **more)
    assert payload["errors"] == []
    return str(payload["template"]["id"])


async def change(caller: Caller, template: str, **given: Any) -> Any:
    """The payload of a change."""
    return (await caller.run(_UPDATE, id=template, input=given))["templateUpdate"]


async def read(caller: Caller, template: str) -> Any:
    """The template as it stands now."""
    return (await caller.run(_READ, id=template))["template"]


async def add_contact(caller: Caller, number: str, name: str | None = None, **fields: str) -> str:
    """The id of a new contact."""
    payload = (await caller.run(_CONTACT, input={"number": number, "name": name, "fields": fields}))["contactCreate"]
    assert payload["errors"] == []
    return str(payload["contact"]["id"])
