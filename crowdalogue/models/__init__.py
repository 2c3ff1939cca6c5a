"""The rows the stages share, one file a stage."""

from crowdalogue.models.act import Apart, Deed, Draft, Event, Hours, Reply, Target, View, Wait
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
    Tombstone,
)
from crowdalogue.models.live import LiveEvent
from crowdalogue.models.people import Merge, Resemblance, Standing
from crowdalogue.models.relate import BusinessRecord
from crowdalogue.models.team import RIGHTS, Audit, Company, Role, Token, User
from crowdalogue.models.topics import Topic, TopicEvent, TopicFit, TopicMessage
from crowdalogue.models.watches import Watch, WatchHit, WatchSearch

__all__ = [
    "RIGHTS",
    "Account",
    "Apart",
    "Attachment",
    "Audit",
    "Band",
    "Brand",
    "BusinessRecord",
    "Company",
    "Conversation",
    "Correction",
    "Deed",
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
    "Merge",
    "Message",
    "Person",
    "Reading",
    "Reply",
    "Resemblance",
    "Role",
    "Standing",
    "Tag",
    "Target",
    "ThreadRef",
    "Token",
    "Tombstone",
    "Topic",
    "TopicEvent",
    "TopicFit",
    "TopicMessage",
    "User",
    "View",
    "Wait",
    "Watch",
    "WatchHit",
    "WatchSearch",
]
