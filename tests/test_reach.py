"""The guard itself, without a call. Calls through it are in test_http.py."""

from __future__ import annotations

import httpcore
import pytest

from crowdalogue.errors import Failure
from crowdalogue.reach import Guarded, Reach, allowed


def test_a_host_within_reach_is_its_addresses() -> None:
    assert allowed("127.0.0.1", 80, Reach.LOOPBACK) == ["127.0.0.1"]
    assert allowed("[::1]", 80, Reach.PRIVATE) == ["::1"]
    with pytest.raises(Failure, match="not a public address"):
        allowed("127.0.0.1", 80, Reach.PUBLIC)
    with pytest.raises(Failure, match="could not be found"):
        allowed("nobody.invalid", 80, Reach.PRIVATE)


@pytest.mark.parametrize("reach", list(Reach)[:3])
def test_metadata_is_out_of_every_reach(reach: Reach) -> None:
    with pytest.raises(Failure):
        Guarded(reach).connect_tcp("169.254.169.254", 80, timeout=1)


def test_local_sockets_are_never_dialled() -> None:
    backend: httpcore.NetworkBackend = Guarded(Reach.PRIVATE)
    with pytest.raises(Failure, match="local socket"):
        backend.connect_unix_socket("/run/something.sock")
