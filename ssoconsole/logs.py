"""Logging: one line an event, with the request's id, for people or as JSON."""

import logging
import re
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

import structlog

# A calendar's secret address, also where somebody has copied it in part.
_SECRET_PATH = re.compile(r"(?i)(?P<kept>/calendar/+)[^\s\"']+|[\w-]{32,}\.ics")

request_id_var: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """The id of the request being served, or the empty string outside one."""
    return request_id_var.get()


def shown_path(path: str) -> str:
    """A path, or any text with paths in it, without what in them is a secret."""
    return _SECRET_PATH.sub(lambda found: f"{found['kept'] or ''}...", path)


class SecretPaths(logging.Filter):
    """Takes secret paths out of what Django logs of requests that it refuses."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, str) and _SECRET_PATH.search(text := record.getMessage()):
            record.msg, record.args = shown_path(text), ()
        return True


def _add_request_id(_logger: Any, _method: str, event: Any) -> Any:
    if request_id := current_request_id():
        event.setdefault("request_id", request_id)
    return event


def configure(config: Mapping[str, Any]) -> None:
    """Set up structlog and the standard library's loggers alike; Django calls this with `settings.LOGGING`."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request_id,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if config["format"] == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    handler.addFilter(SecretPaths())
    # At these loggers too, for whatever other handler there is.
    for name in ("django.request", "django.security.csrf"):
        _filter_once(logging.getLogger(name))
    root = logging.getLogger()
    root.handlers = [handler, *(other for other in root.handlers if type(other) is not logging.StreamHandler)]
    root.setLevel(config["level"])
    # Django's development server prints whole request lines, with codes and states in their queries.
    logging.getLogger("django.server").disabled = True


def _filter_once(logger: logging.Logger) -> None:
    if not any(isinstance(present, SecretPaths) for present in logger.filters):
        logger.addFilter(SecretPaths())
