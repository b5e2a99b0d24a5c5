"""Logging: one line an event, with the request's id, for people or as JSON."""

import logging
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

import structlog

request_id_var: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """The id of the request being served, or the empty string outside one."""
    return request_id_var.get()


def _add_request_id(_logger: Any, _method: str, event: Any) -> Any:
    if request_id := current_request_id():
        event.setdefault("request_id", request_id)
    return event


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
    # Django's development server prints whole request lines, with codes and states in their queries.
    logging.getLogger("django.server").disabled = True


def formatter(form: str) -> logging.Formatter:
    """Make the formatter of every line: `json` for machines, anything else for people."""
    renderer: Any = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            renderer,
        ],
    )


def handler_config(form: str) -> dict[str, Any]:
    """What `logging.config.dictConfig` needs so that the server's own lines look like all others."""
    return {
        "formatters": {"console": {"()": "ssoconsole.logs.formatter", "form": form}},
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
