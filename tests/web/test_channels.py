"""Channels on the page: how they are, connecting from the channel's own fields, pausing, deleting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.channels.base import Author, Incoming, Raw
from crowdalogue.models import Account, Audit, Brand, Delivery, Message, User

pytestmark = pytest.mark.django_db
For = Callable[..., Client]
MAIL = {"_name": "Care mailbox", "from_address": "care@example.com", "imap_host": "127.0.0.1", "imap_port": "1",
        "imap_security": "none", "imap_secret": "pw-pw-pw", "imap_folder": "INBOX", "smtp_host": "127.0.0.1",
        "smtp_port": "1", "smtp_security": "none"}  # fmt: skip


@pytest.fixture
def client(client_for: For, owner: User) -> Client:
    return client_for(owner)


def connect_webhook(client: Client) -> Account:
    answer = client.post(reverse("channel_connect", args=["webhook"]), {"_name": "Shop", "proof": "signature"})
    assert answer.status_code == 302, answer.content.decode()
    return Account.objects.get(kind="webhook")


def test_a_webhook_is_connected_and_its_secret_shown_on_demand_and_audited(client: Client, brand: Brand) -> None:
    account = connect_webhook(client)
    secret = account.secrets["secret"]
    page = client.get(reverse("channel", args=[account.pk])).content.decode()
    assert f"/hooks/{account.key}/" in page and secret not in page
    shown = client.post(reverse("channel_do", args=[account.pk, "secret"])).content.decode()
    assert secret in shown
    assert set(Audit.objects.values_list("deed", flat=True)) >= {"connected", "looked_at_secret"}


def test_what_is_missing_is_said_beside_its_field_and_typed_words_stay(client: Client) -> None:
    answer = client.post(
        reverse("channel_connect", args=["email"]), MAIL | {"from_address": "no address", "imap_port": "x"}
    )
    form, page = answer.context["form"], answer.content.decode()
    assert answer.status_code == 422
    assert set(form.errors) == {"from_address", "imap_port"}
    assert 'value="no address"' in page and not Account.objects.exists()


def test_settings_are_tried_before_they_are_kept(client: Client) -> None:
    answer = client.post(reverse("channel_connect", args=["email"]), MAIL)
    assert answer.status_code == 422
    assert answer.context["form"].non_field_errors()
    assert not Account.objects.exists()


def test_a_password_is_never_shown_and_stays_when_left_empty(client: Client) -> None:
    account = connect_webhook(client)
    secret = account.secrets["secret"]
    client.post(reverse("channel", args=[account.pk]), {"_name": "Shop two", "proof": "bearer", "secret": ""})
    account.refresh_from_db()
    assert (account.name, account.settings["proof"], account.secrets["secret"]) == ("Shop two", "bearer", secret)
    assert Audit.objects.filter(deed="changed_settings").exists()


def test_health_says_the_error_its_remedy_and_when_it_is_asked_again(
    client: Client, account: Callable[..., Account]
) -> None:
    box = account("email", name="Care", settings={"imap_host": "imap.example.com"}, failures=3)
    remedy = "The mailbox refused the password. Enter a new app password."
    retry = timezone.now() + timedelta(minutes=4)
    Account.objects.filter(pk=box.pk).update(last_error=remedy, retry_at=retry, last_error_at=timezone.now())
    for name, args in (("channels", []), ("channel", [box.pk])):
        page = client.get(reverse(name, args=args)).content.decode()
        assert "Needs attention" in page and remedy in page
    client.post(reverse("channel_do", args=[box.pk, "retry"]))
    box.refresh_from_db()
    assert box.retry_at is None and box.failures == 0


def test_pause_and_resume(client: Client) -> None:
    account = connect_webhook(client)
    client.post(reverse("channel_do", args=[account.pk, "pause"]))
    account.refresh_from_db()
    assert account.state == "paused"
    client.post(reverse("channel", args=[account.pk]), {"_name": "Shop", "proof": "signature"})
    account.refresh_from_db()
    assert account.state == "paused"  # changing settings does not undo somebody's pause
    client.post(reverse("channel_do", args=[account.pk, "resume"]))
    account.refresh_from_db()
    assert account.state == "active"


def test_it_is_deleted_only_with_its_name_typed(client: Client) -> None:
    account = connect_webhook(client)
    flow.receive(
        account, Raw(b'{"messages": [{"id": "1", "author": "ada@example.com", "text": "hello"}]}'), trusted=True
    )
    assert Message.objects.count() == 1
    refused = client.post(reverse("channel_do", args=[account.pk, "delete"]), {"typed": "shop!"})
    assert refused.status_code == 422 and "The name is not the same" in refused.content.decode()
    assert client.post(reverse("channel_do", args=[account.pk, "delete"]), {"typed": "Shop"}).status_code == 302
    assert not Account.objects.exists() and not Message.objects.exists()
    assert Audit.objects.filter(deed="deleted", what="webhook: Shop").exists()


def test_unknown_kinds_and_deeds_are_not_there(client: Client) -> None:
    account = connect_webhook(client)
    assert client.get(reverse("channel_connect", args=["nothing"])).status_code == 404
    assert client.post(reverse("channel_do", args=[account.pk, "explode"])).status_code == 404
    assert client.get(reverse("channel_do", args=[account.pk, "pause"])).status_code == 405


def test_an_agent_changes_no_channel(client_for: For, client: Client, helper: User) -> None:
    account = connect_webhook(client)
    agent = client_for(helper)
    assert agent.get(reverse("channel", args=[account.pk])).status_code == 403
    for deed in ("secret", "pause", "delete"):
        assert agent.post(reverse("channel_do", args=[account.pk, deed]), {"typed": "Shop"}).status_code == 403
    assert Account.objects.filter(state="active").exists()


def test_no_channel_yet_says_what_to_do_next(client: Client) -> None:
    assert "Connect a mailbox or a webhook" in client.get(reverse("channels")).content.decode()


def test_the_address_is_shown_before_it_is_connected_and_stays(client: Client) -> None:
    page = client.get(reverse("channel_connect", args=["webhook"]))
    hook, sealed = page.context["hook"], page.context["sealed"]
    assert hook in page.content.decode()
    client.post(reverse("channel_connect", args=["webhook"]), {"_name": "Shop", "proof": "signature", "_key": sealed})
    account = Account.objects.get(kind="webhook")
    assert hook.endswith(f"/hooks/{account.key}/")
    again = {"_name": "Shop 2", "proof": "signature", "_key": sealed}
    assert client.post(reverse("channel_connect", args=["webhook"]), again).status_code == 302
    assert Account.objects.filter(kind="webhook").count() == 2
    forged = {"_name": "Shop 3", "proof": "signature", "_key": "chosen-by-hand:x"}
    client.post(reverse("channel_connect", args=["webhook"]), forged)
    assert not Account.objects.filter(key__contains="chosen").exists()


def test_send_me_a_test(client: Client) -> None:
    account = connect_webhook(client)
    answer = client.post(reverse("channel_do", args=[account.pk, "test"]), follow=True)
    assert "The test arrived" in answer.content.decode()
    assert Message.objects.get().text == "This is a test message."
    page = client.get(reverse("channel", args=[account.pk])).content.decode()
    assert "What came by this door" in page
    assert "Newest deliveries" in page
    assert Audit.objects.filter(deed="tested").exists()


def test_a_test_that_does_not_get_through_says_why(client: Client) -> None:
    account = connect_webhook(client)
    Account.objects.filter(pk=account.pk).update(secrets={"secret": ""})
    answer = client.post(reverse("channel_do", args=[account.pk, "test"]), follow=True)
    assert "did not get through" in answer.content.decode()


def test_only_secrets_made_here_are_shown(client: Client, account: Callable[..., Account]) -> None:
    slack = account("slack", secrets={"token": "xoxb-theirs", "secret": "signing-theirs"})
    assert "Show the secret" not in client.get(reverse("channel", args=[slack.pk])).content.decode()
    page = client.post(reverse("channel_do", args=[slack.pk, "secret"])).content.decode()
    assert "xoxb-theirs" not in page
    assert "signing-theirs" not in page
    forum = account("discourse", secrets={"api_key": "key-theirs", "secret": "made-here"})
    page = client.post(reverse("channel_do", args=[forum.pk, "secret"])).content.decode()
    assert "made-here" in page
    assert "key-theirs" not in page


def test_a_back_fill_says_how_far_it_is_and_can_be_stopped(
    manager: User, client_for: Callable[..., Client], account: Callable[..., Account]
) -> None:
    now = timezone.now()
    at = now - timedelta(days=12)
    walk = {"page": "x", "newest": f"{now.timestamp():.6f}", "at": f"{at.timestamp():.6f}"}
    cursor = {
        "us": {"user": "U0"},
        "listed": ["C1", "C2"],
        "channels": {"C1": {"top": "1770000000.0"}, "C2": walk},
    }
    slack = account("slack", settings={"days": "30"}, cursor=cursor, last_success_at=timezone.now())
    browser = client_for(manager)
    page = browser.get(f"/settings/channels/{slack.pk}/").content.decode()
    assert "Catching up" in page and 'aria-label="How far what was said before is fetched"' in page
    line = browser.get(f"/settings/channels/{slack.pk}/progress/").content.decode()
    assert "Fetching what was said before: channel C2, back to" in line and "1 of 2 channels done." in line
    assert at.strftime("%Y-%m-%dT%H:%M") in line and (now - timedelta(days=30)).strftime("%Y-%m-%dT%H") in line
    assert 'value="70"' in line and "every 2s" in line, "one channel and 12 of the 30 days of the other"
    browser.post(f"/settings/channels/{slack.pk}/pause/")
    line = browser.get(f"/settings/channels/{slack.pk}/progress/").content.decode()
    assert "Stopped while fetching" in line and "every 2s" not in line
    browser.post(f"/settings/channels/{slack.pk}/resume/")
    Account.objects.filter(pk=slack.pk).update(cursor={**cursor, "channels": {c: {"top": "1.0"} for c in ("C1", "C2")}})
    assert "Fetching" not in browser.get(f"/settings/channels/{slack.pk}/progress/").content.decode()
    assert "Catching up" not in browser.get(f"/settings/channels/{slack.pk}/").content.decode()


def test_a_mailbox_says_what_is_left_and_how_far_it_came(
    manager: User, client_for: Callable[..., Client], account: Callable[..., Account]
) -> None:
    mailbox = account("email", settings={"from_address": "a@example.com"}, cursor={"uid": 7}, left=41)
    at = timezone.now() - timedelta(days=400)
    row = Delivery.objects.create(account=mailbox, key="k", body=b"")
    flow.file(mailbox, [Incoming("m1", Author("mara@example.com"), "Hello", sent_at=at)], delivery=row)
    line = client_for(manager).get(f"/settings/channels/{mailbox.pk}/progress/").content.decode()
    assert "41 messages still to fetch" in line and at.strftime("%Y-%m-%d") in line
