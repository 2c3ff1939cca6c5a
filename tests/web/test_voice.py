"""Share of voice at its door: who is named, week by week and by channel, who answers, and what opens."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from crowdalogue.models import Brand, User
from tests.web.numbers import counted, talk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_columns(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path


def test_brands_side_by_side(client_for: Callable[..., Client], owner: User, brand: Brand) -> None:
    rival = Brand.objects.create(name="Oakhusk", competitor=True)
    silent = Brand.objects.create(name="Silent", competitor=True)
    for n in range(20):
        talk(brand=brand, hours_ago=30, answer_s=60)
        talk(brand=rival, channel="x", hours_ago=30, answer_s=7200 if n % 2 else None)
        talk(brand=silent, channel="x", hours_ago=30)
    counted()
    client = client_for(owner)
    page = unescape(client.get("/explore/voice/", follow=True).content.decode())
    assert "is named most: 33% of all mentions" in page
    rows = {m[1]: m[0] for m in re.findall(r'(<tr><th scope="row"><a href="[^"]+">(\w+)</a>.*?</tr>)', page)}
    assert "50% (30% to 70%), n = 20" in rows["Oakhusk"] and "seen in public" in rows["Oakhusk"]
    assert "100%" in rows["Northwind"] and "ours" in rows["Northwind"]
    table = page.split("Answered share and first response by brand")[1]
    assert "Silent" not in table, "of who was never seen to answer nothing is known"
    channels = page.split("By channel")[1]
    href, share = re.search(r'<td class="num"><a href="([^"]+)">(50% [^<]+)</a>', channels).groups()  # type: ignore[union-attr]
    assert share.startswith("50% (")
    assert "<h1>20 messages" in client.get(href).content.decode()
    own = unescape(client.get("/explore/voice/?by=brand").content.decode())
    assert 'href="?by=brand"' in page and "Northwind" in own and "Silent" not in own.split("Share of all mentions")[1]


def test_nothing_named_and_who_may(client_for: Callable[..., Client], owner: User, stranger: User) -> None:
    talk()
    counted()
    assert "No brand was named in this view" in client_for(owner).get("/explore/voice/", follow=True).content.decode()
    assert client_for(stranger).get("/explore/voice/").status_code == 403
