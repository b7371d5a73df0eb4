"""Structured logs: one JSON object a line, and nothing secret or personal in it."""

import logging
import re
import sys
import traceback
from collections.abc import Mapping
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, ExcInfo, WrappedLogger

from api.causes import causes

_HIDDEN = "[hidden]"
_DATA_EXCEPTION = "22"  # the class of SQLSTATEs whose message itself quotes the value
_SECRET_PARTS = ("authorization", "cookie", "credential", "password", "secret", "token", "api_key")
_PERSONAL = frozenset(
    {
        "body",
        "content",
        "email",
        "from",
        "from_",
        "number",
        "numbers",
        "phone",
        "query_string",
        "recipient",
        "to",
        "variables",
    }
)
# What a library may put into its own words: bearer tokens, JWTs, a URL's password, phone numbers, addresses.
_IN_TEXT = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w~+/.=-]{8,}"), r"\1 " + _HIDDEN),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), _HIDDEN),
    (re.compile(r"(://[^/\s:@]+):[^@\s/]+@"), rf"\1:{_HIDDEN}@"),
    (re.compile(r"(?<![\w.])(\+|%2B)[1-9]\d{6,14}\b"), _HIDDEN),
    (re.compile(r"\b[\w.+-]+@[\w-]+(\.[\w-]+)+"), _HIDDEN),
)


def configure_logging(
    process: str, log_format: Literal["json", "console"] = "json", stream: TextIO | None = None
) -> None:
    """Send this process's logs, the libraries' too, to the stream, by default standard error."""
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _naming(process),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.ExceptionRenderer(_traceback),  # before hiding: a traceback quotes what it failed on
        hide,
    ]
    renderer = structlog.processors.JSONRenderer() if log_format == "json" else structlog.dev.ConsoleRenderer()
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    # They log bodies, tokens, SQL, or the query in a socket's address.
    for chatty in ("authlib", "httpx", "httpx2", "twilio", "tortoise", "uvicorn.error"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def hide(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Hide what is secret or personal, by its key and by its look; a structlog processor."""
    return {key: _shown(key, value) for key, value in event.items()}


def _shown(key: str, value: Any) -> Any:
    name = key.lower()
    if name in _PERSONAL or any(part in name for part in _SECRET_PARTS):
        return _HIDDEN
    if isinstance(value, Mapping):
        return {inner: _shown(str(inner), held) for inner, held in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_shown("", held) for held in value]
    if isinstance(value, str):
        for pattern, instead in _IN_TEXT:
            value = pattern.sub(instead, value)
    return value


def _traceback(exc_info: ExcInfo) -> str:
    """The traceback without the rows and values that PostgreSQL and its driver quote when they refuse them."""
    text = "".join(traceback.format_exception(*exc_info)).rstrip()
    value_refused = False
    for cause in causes(exc_info[1]):
        value_refused |= str(getattr(cause, "sqlstate", "")).startswith(_DATA_EXCEPTION)  # and so what lies behind it
        quoting = str(cause) if value_refused else getattr(cause, "detail", None) or ""
        for line in filter(None, quoting.splitlines()):
            text = re.sub(f"{re.escape(line)}$", _HIDDEN, text, flags=re.MULTILINE)
    return text


def _naming(process: str) -> Any:
    def name(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["process"] = process
        return event

    return name
