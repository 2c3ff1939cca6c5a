"""Slack's own way of writing text: addresses, people and times stand between angle brackets."""

from __future__ import annotations

import re
from typing import Any

from crowdalogue.channels.payload import part, parts, word

__all__ = ["blocks_text", "escaped", "plain", "text_of"]

BRACKETS = re.compile(r"<((?:[@#!]|[a-z][a-z0-9+.-]*:)[^<>\n]{1,4000})>")
MAX_DEPTH = 8


def escaped(text: str) -> str:
    """Text of ours so that Slack takes nothing in it for markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(text: str) -> str:
    """Text of Slack's as people read it: brackets resolved, entities as characters, emphasis marks as they are."""
    words = BRACKETS.sub(lambda found: bracket(found.group(1)), text)
    return words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def bracket(inside: str) -> str:
    target, _, label = inside.partition("|")
    sign, rest = target[:1], target[1:]
    if sign in ("@", "#"):
        return sign + (label.removeprefix(sign) or rest)
    if sign == "!":  # here, channel, a group of people, a date
        return label or "@" + rest.partition("^")[2].partition("^")[0] if "^" in rest else label or "@" + rest
    address = target.removeprefix("mailto:").removeprefix("tel:")
    same = not label or label in (address, target) or target.partition("://")[2].rstrip("/") == label.rstrip("/")
    return address if same else f"{label} ({address})"


def text_of(message: dict[str, Any]) -> str:
    """What a message says; where a program put everything into blocks or attachments, their text."""
    written = plain(word(message, "text"))
    if written.strip():
        return written
    lines = blocks_text(message.get("blocks"))
    for attached in parts(message, "attachments"):
        lines.extend(plain(line) for line in attached_lines(attached))
    return "\n".join(dict.fromkeys(line for line in lines if line.strip()))


def attached_lines(attached: dict[str, Any]) -> list[str]:
    found = [word(attached, name) for name in ("pretext", "title", "text")]
    found += [f"{word(field, 'title')}: {word(field, 'value')}" for field in parts(attached, "fields")]
    return found if any(found) else [word(attached, "fallback"), *blocks_text(attached.get("blocks"))]


def blocks_text(blocks: Any, depth: int = 0) -> list[str]:
    """The lines of Block Kit blocks: sections, headers, contexts and rich text."""
    if not isinstance(blocks, list) or depth > MAX_DEPTH:
        return []
    lines: list[str] = []
    for block in blocks:
        if isinstance(block, dict):
            lines.extend(block_lines(block, depth))
    return lines


def block_lines(block: dict[str, Any], depth: int) -> list[str]:
    inner = block.get("elements")
    if block.get("type") in ("rich_text_section", "rich_text_preformatted", "rich_text_quote"):
        return ["".join(run_text(e) for e in inner if isinstance(e, dict))] if isinstance(inner, list) else []
    text = block.get("text")
    lines = [plain(word(part(block, "text"), "text"))] if isinstance(text, dict) else []
    lines += [plain(text)] if isinstance(text, str) else []
    lines += [plain(word(field, "text")) for field in parts(block, "fields")]
    return lines + blocks_text(inner, depth + 1)


def run_text(run: dict[str, Any]) -> str:
    """One run of a line of rich text."""
    kind = run.get("type")
    if kind == "link":
        label, url = word(run, "text"), word(run, "url")
        return f"{label} ({url})" if label and label != url else url
    signs = {
        "user": ("@", "user_id"),
        "channel": ("#", "channel_id"),
        "broadcast": ("@", "range"),
        "emoji": (":", "name"),
    }
    if kind in signs:
        sign, name = signs[kind]
        return sign + word(run, name) + (":" if kind == "emoji" else "")
    return word(run, "text")
