"""Transcripts of every form as one text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels.base import NotUnderstood
from crowdalogue.channels.transcripts import as_text, ask
from crowdalogue.errors import Failure
from tests.outside import Outside, says

VTT = """WEBVTT

NOTE made by hand

00:00:00.000 --> 00:00:02.000
<v Mara Lind>Where is my <i>parcel</i>?

2
00:00:02.000 --> 00:00:03.500
<v Mara Lind>It is late.

00:00:03.500 --> 00:00:05.000
<v Hana>On its way.
"""
SRT = """1
00:00:00,000 --> 00:00:02,000
Caller: Where is
my parcel?

2
00:00:02,500 --> 00:00:04,000
Agent: On its way.
"""


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (None, ""),
        ("  Where is it? \r\n", "Where is it?"),
        (VTT, "Mara Lind: Where is my parcel? It is late.\nHana: On its way."),
        (SRT, "Caller: Where is my parcel?\nAgent: On its way."),
        (
            [{"speaker": "caller", "text": "Hello"}, {"role": "agent", "content": "Hi"}, "Bye"],
            "caller: Hello\nagent: Hi\nBye",
        ),
        ([], ""),
        ("The train leaves at 12:30 --> hurry", "The train leaves at 12:30 --> hurry"),
    ],
)
def test_every_form(given: Any, text: str) -> None:
    assert as_text(given) == text


@pytest.mark.parametrize("given", [7, {"text": "x"}, [7], [{"text": 3}]])
def test_another_sort_of_value_is_named(given: Any) -> None:
    with pytest.raises(NotUnderstood, match="transcript"):
        as_text(given)


@given(st.text(max_size=300))
def test_any_text_stays_text(given: str) -> None:
    assert "\x00" not in as_text(given)
    as_text("WEBVTT\n\n00:00.000 --> 00:01.000\n" + given)


def test_an_endpoint_is_asked(outside: Outside) -> None:
    outside.on("POST", "speech.example.com/v1/audio/transcriptions", says({"text": " Where is it? "}))
    text = ask("https://speech.example.com/v1/", "k", "whisper-1", "audio/ogg", b"OggS", "de-DE")
    assert text == "Where is it?"
    call = outside.calls[0]
    assert call.headers["authorization"] == "Bearer k"
    assert b'filename="recording.ogg"' in call.body
    assert b"OggS" in call.body
    assert b"whisper-1" in call.body


@pytest.mark.parametrize("answer", [says(b"<html>"), says([]), says({"words": 1})])
def test_an_endpoint_that_says_something_else(answer: Any, outside: Outside) -> None:
    outside.always(answer)
    with pytest.raises(Failure, match="something else than a transcript"):
        ask("https://speech.example.com/v1", "", "m", "audio/mpeg", b"x")
