"""What was said on a call as text: plain, WebVTT, SubRip, or a list of who said what; and asking for a transcript."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from crowdalogue import http
from crowdalogue.channels.base import NotUnderstood
from crowdalogue.channels.jsonbody import clean
from crowdalogue.errors import Failure

LONGEST = 500_000
MOST_TURNS = 20_000
LARGEST = 25 * 1024 * 1024  # bytes of audio that such endpoints take
TIME = re.compile(r"^\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{3}\s*-->\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{3}.*$")
VOICE = re.compile(r"<v(?:\.[^ >]*)?\s+([^>]{1,80})>")
TAG = re.compile(r"</?[a-zA-Z][^>]{0,200}>")
NAMED = re.compile(r"^([^:\n]{1,40}):\s+(.*)$", re.DOTALL)
EXTENSIONS = {"audio/mpeg": "mp3", "audio/wav": "wav", "audio/x-wav": "wav", "audio/ogg": "ogg", "audio/webm": "webm",
              "audio/mp4": "m4a", "audio/x-m4a": "m4a", "audio/flac": "flac"}  # fmt: skip


def as_text(given: Any) -> str:
    """A transcript of any of the forms as lines `Speaker: words`. Raises `NotUnderstood` for another sort of value."""
    if given is None:
        return ""
    if isinstance(given, str):
        text = clean(given)[:LONGEST]
        return joined(cues(text)) if text.lstrip("\ufeff \n").startswith("WEBVTT") or has_times(text) else text.strip()
    if isinstance(given, list):
        return joined(turn_of(turn) for turn in given[:MOST_TURNS])
    raise NotUnderstood('"transcript" must be text or a list of {speaker, text}.')


def has_times(text: str) -> bool:
    return any(TIME.match(line) for line in text.split("\n", 60)[:60])


def cues(text: str) -> Iterable[tuple[str, str]]:
    """(speaker, words) of each cue of WebVTT or SubRip, in order."""
    held: list[str] = []
    inside = False
    for line in [*text.split("\n"), ""]:
        if TIME.match(line):
            held, inside = [], True
        elif inside and line.strip():
            held.append(line.strip())
        elif inside:
            inside = False
            yield spoken(" ".join(held))


def spoken(words: str) -> tuple[str, str]:
    """Who spoke, where the cue says so, and the words without markup."""
    voice = VOICE.search(words)
    plain = TAG.sub("", words).strip()
    if voice:
        return voice[1].strip(), plain
    named = NAMED.match(plain)
    return (named[1].strip(), named[2].strip()) if named else ("", plain)


def turn_of(turn: Any) -> tuple[str, str]:
    if isinstance(turn, str):
        return "", clean(turn)
    if not isinstance(turn, dict):
        raise NotUnderstood('"transcript" must be a list of {speaker, text}.')
    speaker, text = turn.get("speaker") or turn.get("role") or "", turn.get("text") or turn.get("content") or ""
    if not isinstance(text, str) or not isinstance(speaker, str | int):
        raise NotUnderstood('Each turn of "transcript" must have its text, and its speaker as text.')
    return clean(str(speaker)).strip()[:80], clean(text).strip()


def joined(turns: Iterable[tuple[str, str]]) -> str:
    """One line a turn; what the same voice goes on saying stays in its line."""
    lines: list[str] = []
    last: str | None = None
    for speaker, words in turns:
        if not words:
            continue
        if lines and speaker == last:
            lines[-1] += " " + words
        else:
            lines.append(f"{speaker}: {words}" if speaker else words)
        last = speaker
    return "\n".join(lines)[:LONGEST]


def ask(endpoint: str, key: str, model: str, media_type: str, content: bytes, language: str = "") -> str:
    """The transcript of a recording by an OpenAI-compatible endpoint. Raises `Failure` with cause and remedy."""
    if len(content) > LARGEST:
        raise Failure(f"The recording is larger than {LARGEST >> 20} MB, which cannot be transcribed at once.")
    data = {"model": model, "response_format": "json"} | ({"language": language[:2]} if language else {})
    name = f"recording.{EXTENSIONS.get(media_type.split(';')[0].strip().casefold(), 'mp3')}"
    answer = http.request(
        "POST",
        endpoint.rstrip("/") + "/audio/transcriptions",
        headers={"authorization": f"Bearer {key}"} if key else {},
        files={"file": (name, content, media_type or "audio/mpeg")},
        data=data,
        idempotent=True,
    )
    try:
        text = answer.json()["text"]
    except (ValueError, KeyError, TypeError):
        raise Failure(
            "The transcription endpoint answered something else than a transcript. Check its address."
        ) from None
    return clean(str(text)).strip()[:LONGEST]
