"""Logs: one line an event, JSON in production and readable on a terminal, contacts masked.

What libraries write through `logging` takes the same way, so that it is masked too.
"""

from __future__ import annotations

import logging
import sys
from typing import IO, Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from shared.telemetry.masking import mask

_QUIET = ("aiokafka", "asyncio", "alembic", "httpx", "httpcore", "uvicorn.access")
_OWN_FIELDS = frozenset({"event", "level", "timestamp", "logger"})


def configure_logging(
    service: str, *, level: str = "info", format: str = "auto", stream: IO[str] | None = None
) -> None:
    """Set up logging for the whole process. May be called again; the last call holds.

    `format` is `json`, `console`, or `auto` (console when the stream is a terminal). Lines go to standard error, so
    that the output of commands stays clean.
    """
    out = sys.stderr if stream is None else stream
    console = format == "console" or (format == "auto" and out.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()], processors=_rendering(service, console=console)
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger. The event is a few words; facts go in fields: `log.info("batch committed", events=500)`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def _rendering(service: str, *, console: bool) -> list[Processor]:
    def add_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event.setdefault("service", service)
        return event

    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=True, exception_formatter=structlog.dev.plain_traceback)
        if console
        else structlog.processors.JSONRenderer(default=str, ensure_ascii=False)
    )
    return [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        add_service,
        structlog.processors.format_exc_info,  # before masking: messages of exceptions quote what they were given
        _mask_fields,
        renderer,
    ]


def _mask_fields(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    own = {key: event[key] for key in _OWN_FIELDS - {"event"} if key in event}
    masked: dict[str, Any] = mask({key: value for key, value in event.items() if key not in own})
    return masked | own
