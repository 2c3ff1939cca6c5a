"""Log lines without customers' words: what an error says may quote a message, so only its kind and place are kept."""

from __future__ import annotations

import logging
import traceback
from types import TracebackType

from django.db import OperationalError

from crowdalogue.errors import Failure

# Errors whose text is about the machine or worded by us, and never about a message.
PLAIN = (Failure, OperationalError, ImportError, OSError, MemoryError, RecursionError)

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Line(logging.Formatter):
    """Tracebacks with files, lines and the error's kind; its text only where it cannot hold a message."""

    def formatException(self, ei: ExcInfo) -> str:
        error = ei[1]
        if error is None:
            return ""
        frames = traceback.format_list(traceback.extract_tb(error.__traceback__))
        return "".join(["Traceback (most recent call last):\n", *frames, self.name_of(error)])

    @staticmethod
    def name_of(error: BaseException) -> str:
        kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
        return f"{kind}: {error}" if isinstance(error, PLAIN) else kind
