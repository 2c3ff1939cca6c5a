"""The folder is the list: every file here with a `Channel` that has a `kind` is a channel."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Any

from crowdalogue.channels.archive import ARCHIVES, Archive
from crowdalogue.channels.base import Channel

__all__ = ["channel_kinds", "icon_of", "label_of", "open_channel"]


@cache
def channel_kinds() -> dict[str, type[Channel]]:
    """Every kind that can be connected or entered by hand, by its stored name, in the order of the labels."""
    found: dict[str, type[Channel]] = {}
    for module_info in pkgutil.iter_modules(__path__):
        if module_info.ispkg:  # helpers of one channel
            continue
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for thing in vars(module).values():
            mine = isinstance(thing, type) and issubclass(thing, Channel) and thing.__module__ == module.__name__
            if mine and thing.kind and found.setdefault(thing.kind, thing) is not thing:
                raise RuntimeError(f"two channels are called {thing.kind}")
    return dict(sorted(found.items(), key=lambda item: item[1].label.casefold()))


def open_channel(kind: str, settings: Mapping[str, Any] | None = None) -> Channel:
    """The channel of an account. Kinds without a connector (imports, demo) open as an `Archive`."""
    found = channel_kinds().get(kind)
    return found(settings) if found else Archive.of(kind, settings)


def label_of(kind: str) -> str:
    """What people call a kind of channel, such as E-mail."""
    found = channel_kinds().get(kind)
    return found.label if found else Archive.of(kind).label


def icon_of(kind: str) -> str:
    """The symbol of web/templates/icons.html for a kind of channel."""
    found = channel_kinds().get(kind)
    return found.icon if found else ARCHIVES.get(kind, ARCHIVES[""])[1]
