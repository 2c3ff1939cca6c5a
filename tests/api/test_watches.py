"""Watches by the API: tried, saved, changed, judged, removed."""

from __future__ import annotations

from collections.abc import Callable

from crowdalogue import flow
from crowdalogue.listen import watches
from crowdalogue.models import Account, Audit, Brand, Conversation, User, Watch, WatchSearch
from crowdalogue.text.watching import typed
from tests.api.conftest import Program, refused


def read() -> None:
    while flow.process(embed=False):
        pass
    while watches.fill():
        pass


def test_a_watch_from_its_trial_to_its_end(
    program: Callable[..., Program],
    say: Callable[..., Conversation],
    account: Callable[..., Account],
    manager: User,
) -> None:
    say(text="Where is my parcel?")
    say(text="A parcel for a job")
    caller = program(manager)
    query = {"any": ["parcel*"], "none": ["job"]}
    trial = caller.post("/watches/try", {"query": query}).json()
    assert (trial["hits"], trial["authors"], trial["taken"], trial["whole"]) == (1, 1, 1, True)
    [sample] = trial["sample"]
    [[start, end]] = sample["spans"]
    assert sample["message"]["text"][start:end] == "parcel"
    assert len(trial["days"]) == 90 and not Watch.objects.exists()

    made = caller.post("/watches", {"name": "Parcels", "purpose": "need", "line": "any:parcel* -job"})
    assert made.status_code == 201
    watch = made.json()
    assert (watch["query"]["any"], watch["query"]["none"], watch["line"]) == (["parcel*"], ["job"], "any:parcel* -job")
    assert watch["filling"] is True
    read()
    address = f"/watches/{watch['id']}"
    [hit] = caller.get(f"{address}/hits").json()["items"]
    assert hit["right"] is None and hit["message"]["text"] == "Where is my parcel?"
    judged = caller.post(f"{address}/judge", {"messages": [hit["message"]["id"], 9999], "right": True}).json()
    assert judged == {"changed": 1, "precision": {"share": None, "low": None, "high": None, "n": 1}}
    assert caller.get(f"{address}/hits?only=wrong").json()["items"] == []

    WatchSearch.objects.create(watch_id=watch["id"], account=account("social"), last_error="The token ended.")
    changed = caller.patch(address, {"line": "parcel", "active": False}).json()
    assert (changed["query"]["all"], changed["active"], changed["name"]) == (["parcel"], False, "Parcels")
    assert [s["error"] for s in changed["searches"]] == [""], "another query asks anew"
    caller.patch(address, {"active": True})
    read()
    assert caller.get(address).json()["hits"] == 2
    assert len(caller.everything(f"{address}/hits", limit=1)) == 2
    assert caller.delete(address).status_code == 204
    refused(caller.get(address), 404)
    assert Audit.objects.filter(deed="changed_watch", what__startswith="Parcels: ").count() == 4


def test_the_interval_is_given_with_its_n(
    program: Callable[..., Program], say: Callable[..., Conversation], manager: User
) -> None:
    for number in range(12):
        say(text=f"parcel {number}")
    watches.save(manager, name="Parcels", purpose="need", query=typed("parcel"))
    read()
    caller = program(manager)
    [watch] = caller.get("/watches").json()["items"]
    found = [h["message"]["id"] for h in caller.get(f"/watches/{watch['id']}/hits").json()["items"]]
    precision = caller.post(f"/watches/{watch['id']}/judge", {"messages": found, "right": True}).json()["precision"]
    assert precision["share"] == 1.0 and precision["n"] == 12
    assert 0.7 < precision["low"] < 0.8 and precision["high"] == 1.0


def test_drafts_are_of_brands_that_nobody_watches(program: Callable[..., Program], helper: User) -> None:
    rival = Brand.objects.create(name="Contoso", competitor=True)
    [draft] = program(helper).get("/watches/drafts").json()["items"]
    assert (draft["brand"], draft["purpose"], draft["query"]["any"]) == (rival.pk, "competitor", ["Contoso~"])


def test_what_is_refused(program: Callable[..., Program], helper: User, manager: User, stranger: User) -> None:
    good = {"name": "Parcels", "purpose": "need", "line": "parcel"}
    refused(program(helper).post("/watches", good), 403)
    refused(program(stranger).get("/watches"), 403)
    caller = program(manager)
    refused(caller.post("/watches", {**good, "query": {"any": ["a"]}}), 422)
    refused(caller.post("/watches", {**good, "line": "shoe:red"}), 422)
    refused(caller.post("/watches", {**good, "purpose": "competitor"}), 422)
    refused(caller.post("/watches", {**good, "brand": 999}), 404)
    refused(caller.post("/watches/try", {"query": {"none": ["a"]}}), 422)
    assert caller.post("/watches", good).status_code == 201
    refused(caller.post("/watches", good), 422)
