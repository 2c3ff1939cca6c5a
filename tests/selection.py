"""Which tests run on which store, and in what order.

SQLite runs everything. On PostgreSQL run those that touch the store: how a page looks, what DuckDB answers and what
a channel reads does not depend on it. Of the two long fault tests each store has the short form of one; `make chaos`
runs both whole on both.
"""

from __future__ import annotations

import re

import pytest

LONG = {"test_chaos.py", "test_flood.py", "test_every_channel.py", "test_reports.py", "test_identity.py"}
SHORT_FORMS = {"test_flood.py": "sqlite", "test_chaos.py": "postgresql"}
# What a provider says is filed by the same few functions: of the shared test, a knocking and an asked channel stand
# for all of them on the second store.
STANDING_FOR_ALL = re.compile(r"\[(?:[^\]]*-)?(?:webhook|telegram)[-\]]")
ELSEWHERE = re.compile(
    r"browser/test_(pages|settings|inbox|watches|widget)\.py"
    # Columns are filled from either store in tests of rows, facts and reports.
    r"|relate/test_(engine|measures|groups|volume|movers|voice|tables|alarm_series)\.py"
    r"|web/test_(explore|pictures|stills|movers|voice)\.py|api/test_(tables|movers)\.py"
)
STORES = {"db", "transactional_db", "live_server", "fresh_environment", "bare_environment", "shared_environment"}


def choose(items: list[pytest.Item], store: str) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """The tests to run and those left out; long files first, so that none begins when the others are through."""
    items = sorted(items, key=lambda item: item.path.name not in LONG and item.path.parent.name != "browser")
    kept = [item for item in items if _runs(item, store)]
    return kept, [item for item in items if not _runs(item, store)]


def _runs(item: pytest.Item, store: str) -> bool:
    if SHORT_FORMS.get(item.path.name, store) != store and not item.get_closest_marker("chaos"):
        return False
    return store != "postgresql" or _touches_store(item)


def _touches_store(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    if ELSEWHERE.search(item.path.as_posix()):
        return False
    if item.path.parent.name == "cli" and "crowdalogue" in fixtures:
        return False  # the home that tests of the command line share is on SQLite
    if item.path.name == "test_every_channel.py" and not STANDING_FOR_ALL.search(item.nodeid):
        return False
    return bool(item.get_closest_marker("django_db") or fixtures & STORES)
