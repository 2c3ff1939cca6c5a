"""The rows the stages share, one file a stage."""

from crowdalogue.models.act import Draft, Event, Hours, Reply, Target, View, Wait
from crowdalogue.models.analyze import Band, Correction, Embedding, Reading
from crowdalogue.models.listen import (
    Account,
    Attachment,
    Brand,
    Conversation,
    Delivery,
    Handle,
    Import,
    ImportFailure,
    Interaction,
    Message,
    Person,
    Tag,
    ThreadRef,
)
from crowdalogue.models.live import LiveEvent
from crowdalogue.models.relate import BusinessRecord
from crowdalogue.models.team import RIGHTS, Audit, Company, Role, Token, User

__all__ = [
    "RIGHTS",
    "Account",
    "Attachment",
    "Audit",
    "Band",
    "Brand",
    "BusinessRecord",
    "Company",
    "Conversation",
    "Correction",
    "Delivery",
    "Draft",
    "Embedding",
    "Event",
    "Handle",
    "Hours",
    "Import",
    "ImportFailure",
    "Interaction",
    "LiveEvent",
    "Message",
    "Person",
    "Reading",
    "Reply",
    "Role",
    "Tag",
    "Target",
    "ThreadRef",
    "Token",
    "User",
    "View",
    "Wait",
]
