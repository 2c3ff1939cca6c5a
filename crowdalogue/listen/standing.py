# ruff: noqa: SIM905  (rows of words are read more easily)
"""Who is a VIP, an influencer, an advocate, a detractor: by stated rules, by a list, or by a person, with the reason.

What a person set or took away, and what a list says, is never changed by a rule. Somebody a person took a standing
from keeps a row of the kind "-vip", which tells the rule to leave it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum
from django.utils import timezone

from crowdalogue.errors import Failure
from crowdalogue.listen.dossiers import Dossier
from crowdalogue.listen.evidence import plain
from crowdalogue.models import BusinessRecord, Company, Handle, Interaction, Message, Person, Standing, User

KINDS = ("vip", "influencer", "advocate", "detractor")
RULE, LIST, PERSON = "rule", "list", "person"
DEFAULTS: dict[str, float] = {
    "days": 365,  # how far back is looked
    "vip_value": 1000,  # ordered for at least so much, in the business's currency
    "vip_orders": 8,  # or so often
    "followers": 5000,  # on one platform
    "verified_followers": 1000,  # where the platform has verified them
    "praise": 3,  # messages of praise at least
    "praise_share": 0.6,  # of what they wrote
    "complaints": 3,
    "complaint_share": 0.6,
}
WORDS = 5  # letters of a word that may be a topic
# Words everybody uses say nothing of what somebody writes about.
COMMON = frozenset(
    "about after again always because before being better could didn doesn every first great going hello it's love "
    "never other please really should since something still thank thanks their there these thing think those today "
    "where which while would years brand company product https".split()
)


@dataclass
class Facts:
    """What the rules look at, of one person."""

    followers: int = 0
    where: str = ""  # the platform of most followers
    verified: bool = False
    echoes: int = 0  # likes and reposts their messages got here
    messages: int = 0
    praise: int = 0
    complaints: int = 0
    ratings: list[float] = field(default_factory=list)  # 0 to 1
    last_complaint: datetime | None = None
    orders: int = 0
    value: Decimal = Decimal(0)
    currency: str = ""
    topics: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Found:
    """A standing by rule: why, in plain words, and what the rule saw."""

    kind: str
    reason: str
    facts: Mapping[str, Any]


def settings() -> dict[str, float]:
    """The company's numbers, with ours where it has none."""
    own = Company.objects.order_by("pk").values_list("rules", flat=True).first() or {}
    given = own.get("standing", {})
    kept = {k: v for k, v in given.items() if k in DEFAULTS and isinstance(v, int | float) and v >= 0}
    return {**DEFAULTS, **kept}


# --- the rules: plain data in, reasons out


def judge(facts: Facts, rules: Mapping[str, float]) -> list[Found]:
    found = (vip(facts, rules), influencer(facts, rules), advocate(facts, rules), detractor(facts, rules))
    return [one for one in found if one is not None]


def vip(facts: Facts, rules: Mapping[str, float]) -> Found | None:
    if facts.value < Decimal(str(rules["vip_value"])) and facts.orders < rules["vip_orders"]:
        return None
    times = f"{facts.orders} order{'s' if facts.orders != 1 else ''}"
    period = said_days(rules["days"])
    worth = f" for {facts.currency} {facts.value:,.0f}" if facts.value else ""
    return Found("vip", f"{times}{worth} in {period}", {"orders": facts.orders, "value": str(facts.value)})


def influencer(facts: Facts, rules: Mapping[str, float]) -> Found | None:
    """Reach is followers; authority is being verified and being echoed; the topic is what they write about."""
    least = rules["verified_followers"] if facts.verified else rules["followers"]
    if facts.followers < max(1, least):
        return None
    said = [f"{facts.followers:,} followers{f' on {facts.where}' if facts.where else ''}"]
    said += ["verified there"] if facts.verified else []
    said += [f"echoed {facts.echoes:,} times here"] if facts.echoes > 1 else []
    said += [f"writes about {' and '.join(facts.topics)}"] if facts.topics else []
    saw = {
        "followers": facts.followers,
        "verified": facts.verified,
        "echoes": facts.echoes,
        "topics": facts.topics,
    }
    return Found("influencer", "; ".join(said), saw)


def advocate(facts: Facts, rules: Mapping[str, float]) -> Found | None:
    stars = mean(facts.ratings)
    praising = facts.praise >= rules["praise"] and facts.praise >= rules["praise_share"] * facts.messages
    rating = len(facts.ratings) >= 2 and stars is not None and stars >= 0.9
    if not (praising or rating) or facts.complaints > facts.praise + len(facts.ratings):
        return None
    said = [f"{facts.praise} of {facts.messages} messages are praise"] if praising else []
    said += [f"{len(facts.ratings)} reviews, {stars:.0%} of the best rating on average"] if rating else []
    said += ["no complaint" if facts.last_complaint is None else f"last complaint on {facts.last_complaint:%-d %B %Y}"]
    return Found("advocate", "; ".join(said), {"praise": facts.praise, "n": facts.messages, "rating": stars})


def detractor(facts: Facts, rules: Mapping[str, float]) -> Found | None:
    stars = mean(facts.ratings)
    many = facts.complaints >= rules["complaints"] and facts.complaints >= rules["complaint_share"] * facts.messages
    rating = len(facts.ratings) >= 2 and stars is not None and stars <= 0.25
    if not (many or rating):
        return None
    said = [f"{facts.complaints} of {facts.messages} messages are complaints"] if many else []
    said += [f"{len(facts.ratings)} reviews, {stars:.0%} of the best rating on average"] if rating else []
    return Found("detractor", "; ".join(said), {"complaints": facts.complaints, "n": facts.messages, "rating": stars})


def mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 3) if values else None


def said_days(days: float) -> str:
    return "12 months" if days == 365 else f"{days:.0f} days"


# --- what the rules see


def see(dossiers: Mapping[int, Dossier], since: datetime) -> dict[int, Facts]:
    """What is known of each person of a batch: of each address the newest messages, as many as a dossier holds."""
    found = {pk: Facts() for pk in dossiers}
    echoed = echoes([m for d in dossiers.values() for m in d.said if m.public])
    for pk, dossier in dossiers.items():
        see_handles(found[pk], dossier.spoken)
        see_messages(found[pk], [m for m in dossier.said if m.sent_at >= since], echoed)
    orders = BusinessRecord.objects.filter(person__in=list(dossiers), kind="order", at__gte=since)
    for row in orders.values("person", "currency").annotate(n=Count("pk"), value=Sum("amount")).order_by("-value"):
        facts = found[row["person"]]
        facts.orders += row["n"]
        if not facts.currency or facts.currency == row["currency"]:  # amounts of two currencies are not added
            facts.value, facts.currency = facts.value + (row["value"] or 0), row["currency"]
    return found


def see_handles(facts: Facts, handles: Iterable[Handle]) -> None:
    for handle in handles:
        followers = handle.facts.get("followers")
        if isinstance(followers, int) and not isinstance(followers, bool) and followers > facts.followers:
            facts.followers, facts.where = followers, handle.kind
            facts.verified = handle.facts.get("verified") is True


def see_messages(facts: Facts, messages: Sequence[Message], echoed: Mapping[tuple[int, str], int]) -> None:
    words: Counter[str] = Counter()
    for message in messages:
        intent = message.reading.intent if hasattr(message, "reading") else ""
        facts.messages += 1
        facts.praise += intent == "praise"
        facts.echoes += echoed.get((message.account_id, message.external_id), 0)
        if intent == "complaint":
            facts.complaints += 1
            facts.last_complaint = max(filter(None, (facts.last_complaint, message.sent_at)))
        if (stars := rating_of(message.extra)) is not None:
            facts.ratings.append(stars)
        if message.public:
            words.update({w for w in plain(message.text).split() if len(w) >= WORDS and w.isalpha()} - COMMON)
    enough = max(2, len(messages) // 4)
    facts.topics = [w for w, n in sorted(words.items(), key=lambda x: (-x[1], x[0]))[:2] if n >= enough]


def rating_of(extra: Mapping[str, Any]) -> float | None:
    """Stars as a share of the way from worst to best."""
    stars, best = extra.get("rating"), extra.get("rating_max", 5)
    if not isinstance(stars, int | float) or not isinstance(best, int | float) or best <= 1:
        return None
    return min(1.0, max(0.0, (stars - 1) / (best - 1)))


def echoes(messages: Sequence[Message]) -> dict[tuple[int, str], int]:
    """Likes and reposts of these messages."""
    by_account: dict[int, list[str]] = defaultdict(list)
    for message in messages:
        by_account[message.account_id].append(message.external_id)
    found: dict[tuple[int, str], int] = {}
    for account, names in by_account.items():
        rows = Interaction.objects.filter(account=account, target__in=names[:5000], gone_at__isnull=True)
        for target, n in rows.values_list("target").annotate(n=Count("pk")):
            found[account, target] = n
    return found


# --- writing them down


def update(dossiers: Mapping[int, Dossier], now: datetime | None = None) -> int:
    """Apply the rules to a batch of persons. Returns how many standings changed."""
    rules = settings()
    now = now or timezone.now()
    facts = see(dossiers, now - timedelta(days=rules["days"]))
    known: dict[int, dict[str, Standing]] = defaultdict(dict)
    for row in Standing.objects.filter(person__in=list(dossiers)):
        known[row.person_id][row.kind] = row
    return sum(write(pk, judge(facts[pk], rules), known[pk]) for pk in dossiers)


def write(person: int, found: Sequence[Found], known: Mapping[str, Standing]) -> int:
    changed = 0
    wanted = {one.kind: one for one in found if f"-{one.kind}" not in known}
    for kind, one in wanted.items():
        row = known.get(kind)
        if row is None:
            said = {"source": RULE, "reason": one.reason[:300], "facts": dict(one.facts)}
            changed += Standing.objects.get_or_create(person_id=person, kind=kind, defaults=said)[1]
        elif row.source == RULE and row.reason != one.reason[:300]:
            Standing.objects.filter(pk=row.pk, source=RULE).update(reason=one.reason[:300], facts=dict(one.facts))
            changed += 1
    over = [row.pk for kind, row in known.items() if row.source == RULE and kind not in wanted]
    if over:
        changed += Standing.objects.filter(pk__in=over, source=RULE).delete()[0]
    return changed


def give(person: Person, kind: str, reason: str, *, user: User | None = None, source: str = PERSON) -> Standing:
    """Set by a person or a list; no rule changes it. Raises `Failure` for a kind there is not."""
    if kind not in KINDS:
        raise Failure(f"There is no standing {kind or 'without a name'}. There are: {', '.join(KINDS)}.")
    Standing.objects.filter(person=person, kind=f"-{kind}").delete()
    said = {"source": source, "reason": reason.strip()[:300] or "No reason given", "user": user, "at": timezone.now()}
    return Standing.objects.update_or_create(person=person, kind=kind, defaults={**said, "facts": {}})[0]


def take(person: Person, kind: str, user: User | None = None) -> bool:
    """Taken away by a person: gone, and the rule does not give it again. False where it was not there."""
    gone, _ = Standing.objects.filter(person=person, kind=kind).delete()
    if gone:
        said = {"source": PERSON, "reason": "Taken away by a person", "user": user}
        Standing.objects.get_or_create(person=person, kind=f"-{kind}", defaults=said)
    return bool(gone)


def shown(person: Person) -> list[Standing]:
    return [row for row in person.standings.select_related("user").order_by("kind") if row.kind in KINDS]
