"""Categories by the API: tried, defined, taught, labelled from the queue, compared, taken, replayed, removed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crowdalogue import flow
from crowdalogue.models import Audit, Category, CategoryExample, Conversation, MessageCategory, User
from tests.api.conftest import Program, refused
from tests.said import SAID

Say = Callable[..., Conversation]
GIVEN = {
    "name": "Late parcel",
    "description": "A parcel that has not come",
    "examples": [{"text": "Where is my parcel", "yes": True}, {"text": "It has not arrived", "yes": True}],
}


@pytest.fixture
def caller(program: Callable[..., Program], manager: User, say: Say) -> Program:
    for text in SAID:
        say(text=text)
    while flow.process():
        pass
    return program(manager)


def settle() -> None:
    while flow.tend_categories():
        pass


def test_a_category_from_its_trial_to_its_end(caller: Program) -> None:
    trial = caller.post("/categories/try", GIVEN).json()
    assert trial["looked_at"] == len(SAID) and trial["caught"] >= 1
    assert trial["sample"][0]["message"]["text"] in SAID[:3] and not Category.objects.exists()
    made = caller.post("/categories", GIVEN)
    assert made.status_code == 201
    category = made.json()
    assert (category["version"], category["examples"]["yes"]) == (1, 2)
    address = f"/categories/{category['id']}"
    settle()
    members = caller.everything(f"{address}/messages")
    assert len(members) == trial["caught"] and {m["version"] for m in members} == {1}
    replay = caller.get(f"{address}/replay").json()
    assert (replay["state"], replay["judged"]) == ("done", len(SAID))
    [week] = caller.get(f"{address}/weeks").json()["items"]
    assert (week["judged"], week["versions"], week["corrected"]) == (len(SAID), [1], None)
    assert [c["name"] for c in caller.everything("/categories")] == ["Late parcel"]
    changed = caller.patch(address, {"description": "It is late", "active": False}).json()
    assert (changed["active"], changed["name"]) == (False, "Late parcel")
    assert caller.delete(address).status_code == 204
    refused(caller.get(address), 404)
    assert Audit.objects.filter(deed="changed_category", what="Late parcel: removed").exists()


def test_the_queue_a_new_version_and_history(caller: Program) -> None:
    address = f"/categories/{caller.post('/categories', GIVEN).json()['id']}"
    settle()
    drawn = caller.get(f"{address}/next").json()
    other = caller.get(f"{address}/next").json()
    body = {
        "messages": [drawn["message"]["id"]],
        "yes": drawn["message"]["text"] in SAID[:3],
        "ticket": drawn["ticket"],
    }
    assert caller.post(f"{address}/labels", body).json() == {"changed": 1}
    assert CategoryExample.objects.filter(source="queue", density__gt=0).count() == 1
    refused(caller.post(f"{address}/labels", {**body, "messages": [10**6]}), 422)
    refused(caller.post(f"{address}/labels", {**body, "ticket": "made up"}), 422)
    refused(caller.post(f"{address}/labels", {"messages": [other["message"]["id"]], "yes": None}), 422)
    added = caller.post(
        f"{address}/examples",
        {"examples": [{"text": "A", "yes": True}, {"text": "a", "yes": False}, {"text": "Lamps", "yes": False}]},
    ).json()
    assert (added["new"], added["both"]) == (1, 1)
    version = caller.post(f"{address}/learn").json()["version"]
    assert (version["number"], version["state"], version["figures"]["precision"]["value"]) == (2, "waiting", None)
    both = caller.get(f"{address}/versions/2/compare").json()
    assert both["old"]["n"] == both["new"]["n"] == 1 and "Too few labels" in both["said"]
    assert caller.post(f"{address}/versions/2/take").json()["state"] == "active"
    refused(caller.get(f"{address}/versions/9/compare"), 404)
    assert [v["number"] for v in caller.everything(f"{address}/versions", limit=1)] == [2, 1]
    assert caller.post(f"{address}/replay/start").json()["state"] == "running"
    refused(caller.post(f"{address}/replay/start"), 422)
    assert caller.post(f"{address}/replay/stop").json()["state"] == "stopped"
    caller.post(f"{address}/replay/resume")
    settle()
    done = caller.get(f"{address}/replay").json()
    assert done["state"] == "done" and all(len(counts) == 5 for counts in done["weeks"].values())
    assert set(MessageCategory.objects.exclude(version=None).values_list("version__number", flat=True)) <= {2}


def test_what_cannot_be_learned_and_who_may_what(
    caller: Program, program: Callable[..., Program], helper: User
) -> None:
    empty = caller.post("/categories", {"name": "Empty"}).json()
    assert empty["version"] is None
    assert "No example" in refused(caller.post(f"/categories/{empty['id']}/learn"), 422)
    refused(caller.get(f"/categories/{empty['id']}/replay"), 404)
    refused(caller.get(f"/categories/{empty['id']}/versions/1/compare"), 404)
    assert caller.get(f"/categories/{empty['id']}/next").json() == {"message": None, "confidence": None, "ticket": ""}
    refused(caller.post("/categories", {"name": "EMPTY"}), 422)
    agent = program(helper)
    assert agent.post("/categories", {"name": "Mine"}).status_code == 201
    refused(agent.delete(f"/categories/{empty['id']}"), 403)
    refused(agent.post(f"/categories/{empty['id']}/replay/start"), 403)
