"""Raw deliveries on the page: masked, replayed after a fix, looked at only with a line in the audit."""

from __future__ import annotations

import html
import json
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue import flow
from crowdalogue.channels.base import Raw
from crowdalogue.models import Account, Audit, Delivery, Message, User
from crowdalogue.web.deliveries import masked, masked_body

pytestmark = pytest.mark.django_db
For = Callable[..., Client]
GOOD = b'{"messages": [{"id": "1", "author": "ada@example.com", "text": "Where is my parcel?"}]}'
OTHER_NAMES = b'{"messages": [{"id": "2", "author": "bob@example.com", "said": "Hello from elsewhere"}]}'


@pytest.fixture
def hook(owner: User) -> Account:
    return flow.connect("webhook", "Shop", {"proof": "signature", "secret": "", "map": ""}, user=owner)


@pytest.fixture
def client(client_for: For, owner: User) -> Client:
    return client_for(owner)


def test_a_delivery_is_shown_masked_and_whole_only_with_a_line_in_the_audit(client: Client, hook: Account) -> None:
    delivery = flow.receive(hook, Raw(GOOD, {"content-type": "application/json"}), trusted=True)
    page = html.unescape(client.get(reverse("delivery", args=[delivery.pk])).content.decode())
    assert '"text": "W•••• i• m• p•••••?"' in page and "application/json" in page
    assert "ada@example.com" not in page
    assert not Audit.objects.filter(deed="looked_at_delivery").exists()
    whole = client.post(reverse("delivery", args=[delivery.pk])).content.decode()
    assert "ada@example.com" in whole
    assert Audit.objects.filter(deed="looked_at_delivery").count() == 1


def test_what_failed_is_replayed_after_a_fix_and_nothing_comes_twice(client: Client, hook: Account) -> None:
    flow.receive(hook, Raw(GOOD), trusted=True)
    failed = flow.receive(hook, Raw(OTHER_NAMES), trusted=True)
    failed.refresh_from_db()
    assert failed.state == "failed"
    listed = client.get(reverse("deliveries") + "?state=failed")
    assert [row.pk for row in listed.context["rows"]] == [failed.pk]
    again = client.post(reverse("replay", args=[failed.pk]), follow=True).content.decode()
    assert "It was not understood again" in again
    Account.objects.filter(pk=hook.pk).update(settings={**hook.settings, "map": "text = said"})
    answer = client.post(reverse("replay_all"), follow=True).content.decode()
    assert "1 delivery is filed now" in answer
    assert Message.objects.count() == 2 and not Delivery.objects.filter(state="failed").exists()
    client.post(reverse("replay", args=[failed.pk]))
    assert Message.objects.count() == 2
    assert Audit.objects.filter(deed="replayed").count() == 3


def test_a_page_holds_fifty_and_the_next_goes_on(client: Client, hook: Account) -> None:
    for number in range(53):
        Delivery.objects.create(account=hook, key=str(number), body=b"{}", state="filed")
    first = client.get(reverse("deliveries"))
    second = client.get(reverse("deliveries"), {"before": first.context["next"]})
    ids = [row.pk for page in (first, second) for row in page.context["rows"]]
    assert len(ids) == len(set(ids)) == 53 and ids == sorted(ids, reverse=True)


def test_an_agent_sees_none(client_for: For, helper: User, hook: Account) -> None:
    delivery = flow.receive(hook, Raw(GOOD), trusted=True)
    agent = client_for(helper)
    assert agent.get(reverse("delivery", args=[delivery.pk])).status_code == 403
    assert agent.post(reverse("replay", args=[delivery.pk])).status_code == 403
    assert agent.post(reverse("replay_all")).status_code == 403


@given(st.text(max_size=80))
def test_masking_keeps_the_length_and_no_word(text: str) -> None:
    hidden = masked(text)
    assert len(hidden) == len(text)
    assert masked(hidden) == hidden or "•" in hidden


@given(st.dictionaries(st.text(max_size=8), st.text(min_size=2, max_size=20), max_size=4))
def test_masked_json_keeps_its_names(given_body: dict[str, str]) -> None:
    shown = json.loads(masked_body(json.dumps(given_body)))
    assert shown.keys() == given_body.keys()
    assert all(len(shown[k]) == len(v) for k, v in given_body.items())


def test_what_is_personal_is_not_shown_by_its_first_letter_either() -> None:
    assert masked("Ask mara@example.com, 4111 1111 1111 1111") == "A•• ••••@•••••••.•••, •••• •••• •••• ••••"


def test_mail_keeps_header_names() -> None:
    shown = masked_body("Subject: Where is it\nX-Mailer: some\n\nDear all, call 555 0134")
    assert shown.splitlines()[0] == "Subject: W•••• i• i•"
    assert shown.splitlines()[-1] == "D••• a••, c••• ••• ••••"
    by_address = json.loads(masked_body('{"ada@example.com": {"phone": "+44 7700 900123"}}'))
    assert by_address == {"•••@•••••••.•••": {"phone": "+•• •••• ••••••"}}
