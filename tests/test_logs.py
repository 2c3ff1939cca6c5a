"""Logs hold no message texts."""

from __future__ import annotations

import logging
import logging.config
from io import StringIO

from django.conf import settings

from crowdalogue.errors import Failure
from crowdalogue.logs import Line


def logged(error: Exception) -> str:
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Line("%(levelname)s %(message)s"))
    logger = logging.Logger("test")
    logger.addHandler(handler)
    try:
        raise error
    except Exception:
        logger.exception("it broke")
    return stream.getvalue()


def test_an_error_may_quote_a_customer() -> None:
    line = logged(ValueError("my parcel is late"))
    assert "ValueError" in line
    assert "test_logs.py" in line
    assert "parcel is late" not in line


def test_our_own_words_and_the_machines_are_kept() -> None:
    assert "no space left" in logged(OSError(28, "no space left"))
    assert "Enter a new app password" in logged(Failure("Enter a new app password."))


def test_the_settings_use_it() -> None:
    assert settings.LOGGING["formatters"]["line"]["()"] == "crowdalogue.logs.Line"
    logging.config.DictConfigurator(settings.LOGGING).configure_formatter(dict(settings.LOGGING["formatters"]["line"]))
