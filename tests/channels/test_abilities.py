"""The table of docs/channels.md is what the channels say of themselves."""

from __future__ import annotations

from pathlib import Path

from crowdalogue.channels import channel_kinds
from crowdalogue.channels.abilities import abilities_of, table
from crowdalogue.channels.base import Channel

PAGE = Path(__file__).parents[2] / "docs" / "channels.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->"


def test_the_documented_table_is_what_the_channels_say() -> None:
    written = PAGE.read_text().split(BEGIN)[1].split(END)[0]
    assert written == table(), "write it anew: python -m crowdalogue.channels.abilities"


def test_every_kind_has_its_line() -> None:
    lines = table().splitlines()
    assert len(lines) == len(channel_kinds()) + 2
    assert all(line.count("|") == 10 for line in lines)


def test_a_channel_that_can_do_nothing_says_so() -> None:
    class Stone(Channel):
        label = "Stone"

    stone = abilities_of(Stone)
    assert (stone.receives, stone.answers, stone.backfill, stone.files) == ("by hand", "no", "no", "no")
