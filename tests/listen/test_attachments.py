"""Files lie outside the store, once, under their digest."""

from __future__ import annotations

import hashlib

from crowdalogue.listen import attachments


def test_a_file_is_kept_once_and_whole() -> None:
    content = b"\x89PNG and the rest"
    digest = attachments.keep(content)
    assert digest == attachments.keep(content) == hashlib.sha256(content).hexdigest()
    path = attachments.path_of(digest)
    assert path.read_bytes() == content
    assert [p.name for p in path.parent.iterdir()].count(digest) == 1


def test_no_half_written_file_is_ever_under_its_name() -> None:
    digest = attachments.keep(b"x" * 100_000)
    assert not list(attachments.path_of(digest).parent.glob("*.part"))
