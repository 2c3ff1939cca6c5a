"""What came with a message: attachments, and the mail as its sender made it, each behind a policy of its own."""

from __future__ import annotations

import base64
import logging
import re

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.html import escape
from django.views.decorators.http import require_safe

from crowdalogue.listen import attachments, links
from crowdalogue.models import Attachment, Message
from crowdalogue.web import visitors
from crowdalogue.web.faults import page as fault
from crowdalogue.web.frame import needs, person

log = logging.getLogger(__name__)

# Pictures a browser may show in place; anything else is saved, never opened here.
SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
FILE_POLICY = "default-src 'none'; sandbox"
# What a provider may hear a file is. Anything else, and what a browser could run, goes as plain bytes.
NAMED = re.compile(
    r"image/(png|jpeg|gif|webp|heic|heif|bmp|tiff)|audio/[\w.+-]{1,60}|video/[\w.+-]{1,60}|"
    r"application/pdf|text/(plain|csv|vcard|x-vcard|calendar)"
)
FETCHED = 60  # times one link may be used within ten minutes
TRIED = 300  # times one address may ask for files within a minute, right or wrong
MAIL_POLICY = (
    "default-src 'none'; script-src 'none'; img-src data:{remote}; style-src 'unsafe-inline'; font-src 'none'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
CID = re.compile(r'src="cid:([^"]{1,300})"', re.IGNORECASE)
INLINE_BYTES = 4 * 1024 * 1024  # of pictures inside one mail, together
PLAIN = "text/plain; charset=utf-8"
LINK_HEADERS = {
    "Content-Security-Policy": FILE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}

MAIL_PAGE = (
    '<!doctype html><html><head><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
    "<title>{title}</title>"
    "<style>body{{margin:12px;font:14px/1.5 system-ui,sans-serif;color:#1b1b19;background:#fff;overflow-wrap:anywhere}}"
    "img{{max-width:100%;height:auto}}table{{max-width:100%}}pre{{white-space:pre-wrap}}"
    "blockquote{{margin:0 0 0 8px;padding-left:8px;border-left:2px solid #d3d2cb}}"
    "</style></head><body>{body}</body></html>"
)


@require_safe
@needs("read")
def attachment(request: HttpRequest, pk: int) -> HttpResponseBase:
    """/inbox/file/<id>/: saved under its own name; known pictures are shown. It can run nothing here."""
    row = get_object_or_404(Attachment.objects.select_related("message"), pk=pk)
    get_object_or_404(Message.objects.seen_by(person(request)), pk=row.message_id)
    path = attachments.path_of(row.digest) if row.digest else None
    if path is None or not path.is_file():
        reason = row.note or "The file is no longer in the store's folder. Look in your backup of CROWDALOGUE_HOME."
        return fault(404, f"{row.name} has no content", reason)
    shown = row.media_type.lower() in SHOWN
    return FileResponse(
        path.open("rb"),
        filename=row.name,
        as_attachment=not shown,
        content_type=row.media_type.lower() if shown else "application/octet-stream",
        headers={
            "Content-Security-Policy": FILE_POLICY,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, max-age=86400",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )


@require_safe
def by_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """/file/<token>/: one file of an answer, for a provider that fetches it; see listen/links.py. 404 says no more
    than that there is nothing: whether it ended, was never ours or is gone is for the log only."""
    try:
        visitors.allow("file-links", visitors.address_of(request), TRIED, 60)
        row = links.opened(token, timezone.now())
        if row is not None:
            visitors.allow("file-link", str(row.pk), FETCHED, 600)
    except visitors.TooMany as often:
        log.warning("a file's link was asked for too often")
        return HttpResponse(often.text, status=429, headers={"Retry-After": str(often.seconds)}, content_type=PLAIN)
    path = attachments.path_of(row.digest) if row is not None else None
    if row is None or path is None or not path.is_file():
        log.info("a file's link was refused (%s)", "gone" if row is not None else "unknown or ended")
        return HttpResponse("There is no file at this address, or no longer.", status=404, content_type=PLAIN)
    log.info("file %s was fetched by its link (%s, %s bytes)", row.pk, request.method, row.size)
    media_type = row.media_type.partition(";")[0].strip().lower()
    return FileResponse(
        path.open("rb"),
        filename=row.name,
        as_attachment=media_type not in SHOWN,
        content_type=media_type if NAMED.fullmatch(media_type) else "application/octet-stream",
        headers=LINK_HEADERS,
    )


@require_safe
@needs("read")
def mail(request: HttpRequest, pk: int) -> HttpResponse:
    """/inbox/message/<id>/html/: the mail as it was made, for a sandboxed frame; remote pictures with ?pictures=1."""
    message = get_object_or_404(Message.objects.seen_by(person(request)), pk=pk)
    pictures = request.GET.get("pictures") == "1"
    body = with_inline_pictures(message)
    if pictures:
        body = body.replace(' data-src="', ' src="')
    policy = MAIL_POLICY.format(remote=" https: http:" if pictures else "")
    page = MAIL_PAGE.format(title=escape(message.subject or "Mail"), body=body)
    return HttpResponse(page, headers={"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"})


def with_inline_pictures(message: Message) -> str:
    """The frame has no cookies, so pictures that came inside the mail are put into it."""
    if "cid:" not in message.html:
        return message.html
    parts = {a.content_id.strip("<>"): a for a in message.attachments.all() if a.content_id}
    left = INLINE_BYTES

    def put(found: re.Match[str]) -> str:
        nonlocal left
        row = parts.get(found[1])
        if row is None or row.media_type.lower() not in SHOWN or row.size > left:
            return 'src=""'
        path = attachments.path_of(row.digest)
        if not path.is_file():
            return 'src=""'
        left -= row.size
        return f'src="data:{row.media_type.lower()};base64,{base64.b64encode(path.read_bytes()).decode()}"'

    return CID.sub(put, message.html)
