"""A page's posts, comments and recommendations: what is asked of them, and their pictures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from crowdalogue.channels.base import Attachment
from crowdalogue.channels.meta.sweep import Edges
from crowdalogue.channels.picking import link

__all__ = ["FEED", "RATINGS", "pictures"]

COMMENT = (
    "id,message,created_time,permalink_url,is_hidden,from{id,name},parent{id},attachment{type,media,url},message_tags"
)
FEED = Edges(
    name="swept_feed",
    parents="",  # of the page
    fields="id,message,story,created_time,permalink_url,from{id,name},full_picture,"
    f"comments.filter(stream).order(reverse_chronological).limit(50).summary(true){{{COMMENT}}}",
    children="comments",
    child_fields=COMMENT,
    time="created_time",
    child_time="created_time",
    back=timedelta(days=14),
    itself=True,
    child_more={"filter": "stream", "order": "reverse_chronological"},
)
RATINGS = Edges(
    name="swept_ratings",
    parents="",  # of the page
    fields="created_time,open_graph_story{id},rating,recommendation_type,review_text,reviewer{id,name}",
    children="comments",
    child_fields="",
    time="created_time",
    child_time="created_time",
    back=timedelta(days=14),
    itself=True,
)


def pictures(value: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """Pictures and films of a post or comment, by address. The first is often named twice."""
    photos = value.get("photos")
    urls = [link(value, "photo"), link(value, "video"), *(link(p) for p in photos or () if isinstance(photos, list))]
    film = link(value, "video")
    return tuple(
        Attachment(
            f"film-{number}.mp4" if url == film else f"picture-{number}.jpg",
            "video/mp4" if url == film else "image/jpeg",
            url=url,
        )
        for number, url in enumerate(dict.fromkeys(u for u in urls if u), 1)
    )
