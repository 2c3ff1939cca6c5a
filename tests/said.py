"""What customers say in tests: one line makes a message, filed by the real flow."""

from __future__ import annotations

from django.utils import timezone

from crowdalogue import flow
from crowdalogue.channels.base import Author, Incoming
from crowdalogue.models import Account, Conversation

# Eight people; the first three miss their parcel.
SAID = (
    "Where is my parcel?",
    "My order has not come",
    "The courier never came",
    "I forgot my password",
    "Do you sell lamps?",
    "I love this sofa",
    "Please send the invoice",
    "Can I return a chair?",
)


def write(account: Account, text: str = "Where is my parcel?", name: str = "a", **more: object) -> Conversation:
    """File one customer message, sent now unless `sent_at` says otherwise; returns its conversation."""
    more.setdefault("sent_at", timezone.now())
    item = Incoming(name, Author("mara@example.com", "Mara"), text, **more)  # type: ignore[arg-type]
    return Conversation.objects.get(pk=flow.file(account, [item]).touched.pop())
