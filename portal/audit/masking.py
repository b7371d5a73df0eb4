"""What the audit log keeps of a value: enough to recognise it, not enough to be content. Pure."""

import re
from typing import Any

from portal.contacts.numbers import mask_number

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_EMAIL = re.compile(r"([^@\s])[^@\s]*(@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,3})")
_NAME = re.compile(r"[A-Za-z_][\w.-]{0,49}", re.ASCII)
_MOST_SHOWN = 10


def mask_text(text: str) -> str:
    """A number's or an e-mail address's outline, of any other text its length."""
    if _NUMBER.fullmatch(text):
        return mask_number(text)
    if email := _EMAIL.fullmatch(text):
        return f"{email[1]}•••{email[2]}"
    return f"({len(text)} characters)"


def mask_values(name: str, value: Any) -> dict[str, Any]:
    """A value by the names of its fields: that it is null, true or false is shown, all else is masked."""
    if isinstance(value, dict):
        return {
            path: masked
            for key, inner in list(value.items())[:_MOST_SHOWN]
            for path, masked in mask_values(f"{name}.{_key(key)}", inner).items()
        }
    if isinstance(value, list):
        if len(value) > _MOST_SHOWN or any(isinstance(item, dict | list) for item in value):
            return {name: f"({len(value)} items)"}
        return {name: [mask_values("", item)[""] for item in value]}
    return {name: value if value is None or isinstance(value, bool) else mask_text(str(value))}


def _key(key: str) -> str:
    """A name that a client gave to a field: one that reads like a text may be one."""
    return key if _NAME.fullmatch(key) else mask_text(key)
