"""The folder is the list."""

from __future__ import annotations

import re
from pathlib import Path

import crowdalogue
from crowdalogue.channels import channel_kinds, icon_of, label_of, open_channel
from crowdalogue.channels.archive import ARCHIVES, Archive

PACKAGE = Path(crowdalogue.__path__[0])


def test_kinds_are_found_by_folder() -> None:
    kinds = channel_kinds()
    assert {"email", "phone", "store", "webhook"} <= set(kinds)
    assert "" not in kinds
    assert all(cls.kind == kind and cls.label for kind, cls in kinds.items())
    assert list(kinds) == sorted(kinds, key=lambda k: kinds[k].label.casefold())


def test_settings_have_defaults() -> None:
    assert open_channel("webhook", {"secret": "s"}).settings == {
        "proof": "signature",
        "secret": "s",
        "map": "",
        "answers": "",
    }


def test_other_kinds_open_as_archives() -> None:
    assert isinstance(open_channel("app_store"), Archive)
    assert label_of("app_store") == "App store"
    assert label_of("webhook") == "Webhook"
    assert icon_of("never seen") == "i-archive"


def test_every_icon_is_drawn() -> None:
    drawn = set(re.findall(r'id="(i-[a-z]+)"', (PACKAGE / "web/templates/icons.html").read_text()))
    used = {cls.icon for cls in channel_kinds().values()} | {icon for _, icon, _ in ARCHIVES.values()}
    assert used <= drawn


def test_handles_of_one_kind_share_a_name() -> None:
    assert open_channel("phone").handles == "phone"
    assert open_channel("store").handles == "store"
