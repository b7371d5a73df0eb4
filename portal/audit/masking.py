"""What the audit log keeps of a value: enough to recognise it, not enough to be content. Pure."""

import re
from typing import Any

from portal.contacts.numbers import mask_number

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_EMAIL = re.compile(r"([^@\s])[^@\s]*(@[^@\s]+)")
_MOST_SHOWN = 10


def mask_text(text: str) -> str:
    """A number's or an e-mail address's outline, of any other text its length."""
    if _NUMBER.fullmatch(text):
        return mask_number(text)
    if email := _EMAIL.fullmatch(text):
        return f"{email[1]}•••{email[2]}"
    return f"({len(text)} characters)"


def mask_values(name: str, value: Any, *, shown: bool) -> dict[str, Any]:
    """A value by the names of its fields; what is `shown` as it is tells nothing of people, such as ids and enums."""
    if isinstance(value, dict):
        return {
            path: masked
            for key, inner in list(value.items())[:_MOST_SHOWN]
            for path, masked in mask_values(f"{name}.{key}", inner, shown=shown).items()
        }
    if isinstance(value, list):
        if len(value) > _MOST_SHOWN:
            return {name: f"({len(value)} items)"}
        return {name: [next(iter(mask_values("", item, shown=shown).values()), None) for item in value]}
    if value is None or isinstance(value, bool | int) or shown:
        return {name: value if value is None or isinstance(value, bool | int) else str(value)}
    return {name: mask_text(str(value))}
