"""What every test has: a scratch home, one of the two stores, and the people of a company.

The suite runs on SQLite, or on a PostgreSQL of its own with CROWDALOGUE_TEST_STORE=postgresql; on PostgreSQL the
tests that never touch the store are left out. Nothing here is faked but the way out: a test that would talk to
another machine is stopped.
"""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests import prepared, selection, servers

ROOT = Path(__file__).parents[1]
STORE = os.environ.pop("CROWDALOGUE_TEST_STORE", os.environ.get("_TEST_STORE", "sqlite"))
MODELS = ROOT / "var" / "models"  # built once, for every run
WORKER = "PYTEST_XDIST_WORKER" in os.environ
# What `crowdalogue setup` makes, made once for all processes of a run: see tests/prepared.py.
PATTERN = Path(os.environ.get("_TEST_PATTERN") or tempfile.mkdtemp(prefix="crowdalogue-pattern-"))
LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")

_end = ExitStack()
atexit.register(_end.close)


def _scratch_home() -> Path:
    home = Path(tempfile.mkdtemp(prefix="crowdalogue-test-"))
    _end.callback(shutil.rmtree, home, ignore_errors=True)
    MODELS.mkdir(parents=True, exist_ok=True)
    (home / "models").symlink_to(MODELS)
    return home


HOME = _scratch_home()


def _prepare() -> None:
    """Runs at import, before the settings are read; a worker of xdist takes the store its controller started."""
    data = os.environ.get("CROWDALOGUE_DATA")
    store = os.environ.get("CROWDALOGUE_DATABASE_URL") if WORKER else None
    for name in [n for n in os.environ if n.startswith("CROWDALOGUE_")]:
        del os.environ[name]
    if data:
        os.environ["CROWDALOGUE_DATA"] = data
    os.environ["CROWDALOGUE_HOME"] = str(HOME)
    os.environ["_TEST_STORE"], os.environ["_TEST_PATTERN"] = STORE, str(PATTERN)
    assert STORE in ("sqlite", "postgresql"), "CROWDALOGUE_TEST_STORE must be sqlite or postgresql"
    if STORE == "postgresql" and not servers.postgres_missing():
        os.environ["CROWDALOGUE_DATABASE_URL"] = store or _end.enter_context(servers.postgres())
    os.environ["DJANGO_SETTINGS_MODULE"] = "crowdalogue.settings"


_prepare()
if not WORKER:
    _end.callback(shutil.rmtree, PATTERN, ignore_errors=True)

# Timing goals live in the benchmarks. In CI the same examples are drawn every time, so that red can be seen again.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

import django  # noqa: E402

django.setup()
# A worker of xdist inherits this environment, and would read the settings before it has a home of its own.
del os.environ["DJANGO_SETTINGS_MODULE"]

from django.conf import settings  # noqa: E402
from django.test import Client  # noqa: E402

from crowdalogue.models import Account, Brand, Company, Role, User  # noqa: E402
from crowdalogue.text import vocabulary  # noqa: E402
from tests.outside import Outside, outside_network  # noqa: E402

# Every test makes people; half a second of hashing each would be most of the suite's time.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_report_header() -> str:
    return f"store: {STORE}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """See tests/selection.py."""
    kept, left = selection.choose(items, STORE)
    config.hook.pytest_deselected(items=left)
    items[:] = kept
    if STORE == "postgresql" and servers.postgres_missing():
        for item in items:
            item.add_marker(pytest.mark.skip(reason=servers.postgres_missing()))


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    """An outside network that says what a provider would: see tests/outside.py."""
    with outside_network(monkeypatch) as fake:
        yield fake


# --- the way out -------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def stay_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests talk to loopback only: a connection to anywhere else fails as on a machine without a network."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        away = self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(LOOPBACK)
        if away and self.type & socket.SOCK_STREAM:
            raise OSError(f"tests stay on this machine, and {address[0]} is not it")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def data() -> Path:
    """The example data beside the checkout; tests that need it skip without it."""
    folder = Path(os.environ.get("CROWDALOGUE_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no example data at {folder.name}: set CROWDALOGUE_DATA")
    return folder


@pytest.fixture(autouse=True)
def no_columns_of_others() -> Iterator[None]:
    """Rows of a test are rolled back, and the next one's have the same numbers: columns made of them must not stay,
    nor the words that were read of them."""
    yield
    vocabulary.sampled.cache_clear()
    shutil.rmtree(HOME / "columns", ignore_errors=True)


# --- a company and its people ------------------------------------------------------------------------------------


@pytest.fixture
def company(db: None) -> Company:
    return Company.objects.create(name="Northwind Example", timezone="UTC")


@pytest.fixture
def brand(db: None) -> Brand:
    return Brand.objects.create(name="Northwind")


PASSWORD = "correct horse battery"


def _user(role: str, name: str) -> User:
    return User.objects.create_user(f"{name.split()[0].lower()}@example.com", PASSWORD, name=name, role=role)


@pytest.fixture
def owner(company: Company) -> User:
    return _user(Role.OWNER, "Olga Owner")


@pytest.fixture
def manager(company: Company) -> User:
    return _user(Role.MANAGER, "Mani Manager")


@pytest.fixture
def helper(company: Company) -> User:
    """An agent: reads and answers, manages nothing."""
    return _user(Role.AGENT, "Hana Helper")


@pytest.fixture
def analyst(company: Company) -> User:
    return _user(Role.ANALYST, "Ana Analyst")


@pytest.fixture
def stranger(company: Company) -> User:
    """Somebody who can sign in and may see nothing."""
    return _user("", "Sten Stranger")


@pytest.fixture
def client_for(db: None) -> Callable[..., Client]:
    """`client_for(user)` is a browser they are signed in with; `client_for(None)` one nobody is."""

    def make(user: User | None = None, **more: Any) -> Client:
        client = Client(**more)
        if user is not None:
            client.force_login(user)
        return client

    return make


@pytest.fixture
def account(db: None) -> Callable[..., Account]:
    """`account("email", name="Care", brand=brand, state="paused", settings={...}, secrets={...})` makes a channel."""
    count = itertools.count(1)

    def make(kind: str = "email", **more: Any) -> Account:
        more.setdefault("name", f"{kind.capitalize()} {next(count)}")
        return Account.objects.create(kind=kind, **more)

    return make


# --- the real program --------------------------------------------------------------------------------------------


@pytest.fixture
def fresh_environment(tmp_path: Path) -> dict[str, str]:
    """The environment for a real `crowdalogue ...` process with a home and a store of its own, set up, on the store
    under test. Its CROWDALOGUE_URL names a free port."""
    return prepared.ready(tmp_path / "home", PATTERN, MODELS, _cluster())


@pytest.fixture
def bare_environment(tmp_path: Path) -> dict[str, str]:
    """The same before anything was set up."""
    return prepared.bare(tmp_path / "home", MODELS, _cluster())


@pytest.fixture(scope="module")
def shared_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One for all tests of a file, set up: for tests that only look."""
    return prepared.ready(tmp_path_factory.mktemp("shared") / "home", PATTERN, MODELS, _cluster())


def _cluster() -> str:
    return os.environ["CROWDALOGUE_DATABASE_URL"] if STORE == "postgresql" else ""
