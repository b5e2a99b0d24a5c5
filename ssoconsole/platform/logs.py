"""
Logging: one line an event, with the request's id, for people or as JSON.

No line holds a secret. Of an exception it says what kind it is and where it was, and its message only where that is
about the machine: what a database or a parser says of a value repeats the value.
"""

import json
import logging
import sys
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import structlog
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError

# Of a path or a line of Django's; a stranger chooses how long they are.
LONGEST_SHOWN = 1_000

request_id_var: ContextVar[str] = ContextVar("request_id", default="")
trace_id_var: ContextVar[str] = ContextVar("trace_id", default="")
ABOUT_THE_MACHINE = (OperationalError, ImproperlyConfigured)
# At DEBUG these write statements with their parameters, whole responses or variables of a page.
NEVER_AT_DEBUG = ("django.db.backends", "django.template", "urllib3", "asyncio")


def current_request_id() -> str:
    """The id of the request being served, or the empty string outside one."""
    return request_id_var.get()


def shown_path(path: str) -> str:
    """A path, or any text with paths in it, cut to LONGEST_SHOWN characters."""
    return path if len(path) <= LONGEST_SHOWN else path[:LONGEST_SHOWN] + "..."


def place_of_fault(error: Exception) -> dict[str, object]:
    """Return fields that say what happened, without the exception's own words: they may hold a code or a secret."""
    frames = traceback.extract_tb(error.__traceback__ or sys.exc_info()[2])
    return {
        "exception": type(error).__name__,
        "where": [
            f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames[-8:]
        ],
    }


def _escape_control_characters(_logger: Any, _method: str, event: Any) -> Any:
    """Spell out what would move a terminal's cursor, colour it or begin a line: strangers choose paths and names."""
    for name, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            kept = "\n" if name == "exception" else ""
            event[name] = "".join(
                letter if letter.isprintable() or letter in kept else repr(letter)[1:-1] for letter in value
            )
    return event


def _add_request_id(_logger: Any, _method: str, event: Any) -> Any:
    if request_id := request_id_var.get():
        event.setdefault("request_id", request_id)
    if trace_id := trace_id_var.get():
        event.setdefault("trace_id", trace_id)
    return event


def _add_exception(_logger: Any, _method: str, event: Any) -> Any:
    """Put the place of `exc_info` where structlog would put all of its text."""
    info = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["exception"] = "\n".join(_told(error))
    return event


def _told(error: BaseException) -> list[str]:
    """Lines on an exception and what it came from: places, kinds, and no values."""
    lines = []
    origin = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if origin is not None and origin is not error:
        lines = [*_told(origin), "and then"]
    lines += [
        f"{where.filename}:{where.lineno} {where.name}" for where in traceback.extract_tb(error.__traceback__)
    ]
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    return [*lines, f"{kind}: {error}" if isinstance(error, ABOUT_THE_MACHINE) else kind]


def log_at_once(logger: logging.Logger, event: str, **fields: Any) -> None:
    """
    Write a line at INFO whose fields are numbers and words that need no care, as structlog would.

    For the lines that a token costs: on its way through structlog and the standard library each would be half a dozen
    dictionaries and two records.
    """
    if not logger.isEnabledFor(logging.INFO):
        return
    line = {**fields, "event": event, "level": "info", "logger": logger.name}
    line["timestamp"] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    record = logger.makeRecord(
        logger.name, logging.INFO, __file__, 0, _add_request_id(None, "info", line), (), None
    )
    record.is_rendered_as_it_is = True
    logger.handle(record)


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Ends in the processors `last`, which make a line of its fields; one `log_at_once` begins with them."""

    def __init__(self, last: list[Any]) -> None:
        forget_where = structlog.stdlib.ProcessorFormatter.remove_processors_meta
        super().__init__(foreign_pre_chain=_shared(), processors=[forget_where, _add_exception, *last])
        self._last = last

    def format(self, record: logging.LogRecord) -> str:
        if getattr(record, "is_rendered_as_it_is", False):
            line: Any = dict(record.msg)  # type: ignore[arg-type]
            for process in self._last:
                line = process(None, "info", line)
            return str(line)
        # What Django logs of requests that it refuses has their paths in it.
        if isinstance(record.msg, str) and (text := record.getMessage()) != (shown := shown_path(text)):
            record.msg, record.args = shown, ()
        return super().format(record)


def _as_json(line: Any, *, default: Any) -> str:
    """The line as JSON; `default`, with which the library makes an encoder each time, is for a value that is none."""
    try:
        return json.dumps(line)
    except TypeError:
        return json.dumps(line, default=default)


def configure(config: Mapping[str, Any]) -> None:
    """Set up structlog and the standard library's loggers alike; Django calls this with `settings.LOGGING`."""
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(config["format"]))
    root = logging.getLogger()
    root.handlers = [handler, *(other for other in root.handlers if type(other) is not logging.StreamHandler)]
    root.setLevel(config["level"])
    # Django gives its own logger a handler where DEBUG is set: the line a second time, and with all of its text.
    logging.getLogger("django").handlers.clear()
    # Django's development server prints whole request lines, with codes and states in their queries.
    logging.getLogger("django.server").disabled = True
    # `ssoconsole.platform.http.doors` tells it, in one line and with the name that is right.
    logging.getLogger("django.security.DisallowedHost").disabled = True
    for name in NEVER_AT_DEBUG:
        logging.getLogger(name).setLevel(logging.INFO)


def formatter(form: str) -> logging.Formatter:
    """Make the formatter of every line: `json` for machines, anything else for people."""
    for_people = structlog.dev.ConsoleRenderer(colors=False)
    # JSON spells them out by itself.
    last: list[Any] = (
        [structlog.processors.JSONRenderer(_as_json)]
        if form == "json"
        else [_escape_control_characters, for_people]
    )
    return _Formatter(last)


def handler_config(form: str) -> dict[str, Any]:
    """What `logging.config.dictConfig` needs so that the server's own lines look like all others."""
    return {
        "formatters": {"console": {"()": "ssoconsole.platform.logs.formatter", "form": form}},
        "handlers": {"console": {"formatter": "console", "class": "logging.StreamHandler"}},
        "loggers": {"_granian": {"handlers": ["console"], "level": "INFO", "propagate": False}},
    }


def _shared() -> list[Any]:
    return [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request_id,
    ]
