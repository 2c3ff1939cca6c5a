"""Files from strangers: which kinds, how large, and whether they are what their name says."""

from __future__ import annotations

import base64
import re
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from crowdalogue.errors import Refused

LARGEST = 8 * 1024 * 1024
OFFICE = "application/vnd.openxmlformats-officedocument."
# ending -> (media type, where its mark stands, the mark)
KINDS: dict[str, tuple[str, int, bytes]] = {
    "png": ("image/png", 0, b"\x89PNG\r\n\x1a\n"),
    "jpg": ("image/jpeg", 0, b"\xff\xd8\xff"),
    "jpeg": ("image/jpeg", 0, b"\xff\xd8\xff"),
    "gif": ("image/gif", 0, b"GIF8"),
    "webp": ("image/webp", 8, b"WEBP"),
    "heic": ("image/heic", 4, b"ftyp"),
    "mp4": ("video/mp4", 4, b"ftyp"),
    "mov": ("video/quicktime", 4, b"ftyp"),
    "pdf": ("application/pdf", 0, b"%PDF-"),
    "docx": (OFFICE + "wordprocessingml.document", 0, b"PK\x03\x04"),
    "xlsx": (OFFICE + "spreadsheetml.sheet", 0, b"PK\x03\x04"),
    "odt": ("application/vnd.oasis.opendocument.text", 0, b"PK\x03\x04"),
    "ods": ("application/vnd.oasis.opendocument.spreadsheet", 0, b"PK\x03\x04"),
    "txt": ("text/plain", 0, b""),
    "csv": ("text/csv", 0, b""),
}
ACCEPT = ",".join(f".{ending}" for ending in KINDS)  # for <input type=file>


def checked(upload: UploadedFile[Any]) -> dict[str, Any]:
    """The file as an item of a delivery {name, media_type, content in base64}. Raises `Refused`: 413 too large,
    415 of a kind we do not take, or not what its name says, 400 empty."""
    name = re.sub(r"[\x00-\x1f/\\\u202a-\u202e\u2066-\u2069]", "", str(upload.name or ""))[-120:] or "file"
    if (upload.size or 0) > LARGEST:
        raise Refused(f"This file is larger than {LARGEST >> 20} MB. Send a smaller one.", status=413)
    content = upload.read(LARGEST + 1)
    if not content:
        raise Refused("This file is empty.", status=400)
    media_type = type_of(name, content)
    if not media_type:
        raise Refused("Files of this kind cannot be sent here. Send a picture, a PDF or a document.", status=415)
    return {"name": name, "media_type": media_type, "content": base64.b64encode(content).decode()}


def type_of(name: str, content: bytes) -> str:
    """The media type by the name's ending, if the content begins as such files do; else empty."""
    media_type, at, mark = KINDS.get(name.rpartition(".")[2].casefold(), ("", 0, b""))
    if not media_type or content[at : at + len(mark)] != mark:
        return ""
    if media_type.startswith("text/") and (b"\x00" in content or re.match(rb"\s*<(!|html|script|svg)", content, re.I)):
        return ""
    return media_type
