"""Voice notes put into words by an OpenAI-compatible endpoint, for channels whose provider makes no transcript.

Such an endpoint was not tried here beyond recorded exchanges.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crowdalogue.channels import transcripts
from crowdalogue.channels.base import Attachment, Field
from crowdalogue.errors import Failure

__all__ = ["FIELDS", "check_endpoint", "transcribe", "wanted"]

FIELDS = (
    Field(
        "endpoint",
        "Endpoint for transcripts",
        "OpenAI-compatible, such as https://speech.example.com/v1. Empty: none are asked for.",
        required=False,
    ),
    Field("model", "Model of the endpoint", required=False, default="whisper-1"),
    Field("endpoint_key", "Key of the endpoint", kind="secret", required=False),
)


def wanted(settings: Mapping[str, Any]) -> bool:
    """Whether recordings of this account are to be heard."""
    return bool(str(settings.get("endpoint") or "").strip())


def transcribe(settings: Mapping[str, Any], part: Attachment, language: str) -> str:
    """What is said in a recording; empty where no endpoint is set. Raises `Failure`."""
    if not wanted(settings):
        return ""
    endpoint, key = str(settings["endpoint"]).strip(), str(settings.get("endpoint_key") or "")
    model = str(settings.get("model") or "whisper-1")
    return transcripts.ask(endpoint, key, model, part.media_type, part.content, language)


def check_endpoint(settings: Mapping[str, Any]) -> None:
    """Raise `Failure` where the endpoint cannot be one."""
    if wanted(settings) and not str(settings["endpoint"]).strip().startswith(("https://", "http://")):
        raise Failure("The endpoint for transcripts must begin with https:// or http://.")
