"""Whether the Tortoise models say of their tables what the database says."""

from importlib import import_module
from typing import Any

import asyncpg
from tortoise import fields
from tortoise.models import Model

from portal.database.models import MODEL_MODULES

_TYPES: dict[Any, str] = {
    fields.UUIDField: "uuid",
    fields.TextField: "text",
    fields.DatetimeField: "timestamp with time zone",
    fields.DateField: "date",
    fields.IntField: "integer",
    fields.BigIntField: "bigint",
    fields.BooleanField: "boolean",
    fields.BinaryField: "bytea",
    fields.JSONField: "jsonb",
}
_COLUMNS = """
SELECT attname AS name, format_type(atttypid, atttypmod) AS type, NOT attnotnull AS nullable
FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
"""


def all_models() -> list[type[Model]]:
    """Every model of the product."""
    found = [value for name in MODEL_MODULES for value in vars(import_module(name)).values()]
    return [model for model in found if isinstance(model, type) and issubclass(model, Model) and model is not Model]


async def mismatches(connection: asyncpg.Connection) -> list[str]:
    """What a model and its table say differently."""
    broken = []
    for model in all_models():
        table = model._meta.db_table  # noqa: SLF001  Tortoise has no public name for it
        columns = {row["name"]: row for row in await connection.fetch(_COLUMNS, table)}
        if not columns:
            broken.append(f"{table}: a model without a table")
        mapped = {field.source_field or name: field for name, field in model._meta.fields_map.items()}  # noqa: SLF001  where Tortoise keeps the mapping
        broken += [f"{table}.{name}: only in the model" for name in mapped.keys() - columns.keys()]
        broken += [f"{table}.{name}: only in the table" for name in columns.keys() - mapped.keys()]
        for name in mapped.keys() & columns.keys():
            field, column = mapped[name], columns[name]
            if bool(field.null) != column["nullable"]:
                broken.append(f"{table}.{name}: null in one and not in the other")
            wanted = next((text for kind, text in _TYPES.items() if isinstance(field, kind)), None)
            if wanted is not None and wanted != column["type"]:
                broken.append(f"{table}.{name}: {wanted} in the model, {column['type']} in the table")
    return sorted(broken)
