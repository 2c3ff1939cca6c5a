"""What is looked at before anything runs."""

from __future__ import annotations

import importlib.util

import pytest
from django.core.management import call_command

from crowdalogue import checks


def test_an_install_as_made_by_setup_has_nothing_to_say(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check", "--fail-level", "WARNING")
    assert checks.check_parts(None) == []


def test_a_missing_encoder_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name.startswith("gt_all") else find(name))
    [caution] = checks.check_parts(None)
    assert "encoder" in caution.msg
    assert caution.hint is not None and "make setup" in caution.hint
