"""user and token: through the real command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from tests.cli.conftest import Done, last_json, refusal


def test_people_and_tokens(crowdalogue: Callable[..., Done]) -> None:
    good = ("--password", "correct horse battery")
    done = crowdalogue("user", "add", "Ada@example.com", "--role", "owner", *good)
    assert done.stdout.strip() == "ada@example.com can sign in as owner."
    assert "is here already" in refusal(crowdalogue("user", "add", "ada@example.com", *good))
    assert "valid email" in refusal(crowdalogue("user", "add", "nobody", *good))
    assert "too short" in refusal(crowdalogue("user", "add", "b@example.com", "--password", "short"))
    assert "only owner" in refusal(crowdalogue("user", "role", "ada@example.com", "agent"))
    assert "Nobody has the address" in refusal(crowdalogue("user", "role", "c@example.com", "agent"))
    key = last_json(crowdalogue("token", "ada@example.com", "--name", "x", "--json"))["token"]
    assert key.startswith("cw_")


def test_a_password_is_asked_for(crowdalogue: Callable[..., Done]) -> None:
    done = crowdalogue("user", "add", "eve@example.com", given="correct horse battery\n" * 2)
    assert "can sign in as agent" in done.stdout


def test_a_forgotten_password_is_replaced(crowdalogue: Callable[..., Done]) -> None:
    crowdalogue("user", "add", "ida@example.com", "--password", "correct horse battery")
    assert "too short" in refusal(crowdalogue("user", "password", "ida@example.com", "--password", "short"))
    assert "Nobody has" in refusal(crowdalogue("user", "password", "no@example.com", "--password", "another long one"))
    done = crowdalogue("user", "password", "ida@example.com", "--password", "another long one")
    assert "new password" in done.stdout


def test_a_lost_second_factor_is_taken_away(
    crowdalogue: Callable[..., Done], shared_environment: dict[str, str]
) -> None:
    crowdalogue("user", "add", "lost@example.com", "--password", "correct horse battery")
    assert "no second factor" in refusal(crowdalogue("user", "lost-phone", "lost@example.com"))
    code = (
        "import django; django.setup()\n"
        "from allauth.mfa.models import Authenticator\n"
        "from crowdalogue.models import User\n"
        "lost = User.objects.get(email='lost@example.com')\n"
        "Authenticator.objects.create(user=lost, type='totp', data={'secret': 'x'})\n"
    )
    environment = {**shared_environment, "DJANGO_SETTINGS_MODULE": "crowdalogue.settings"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert "password alone" in crowdalogue("user", "lost-phone", "lost@example.com").stdout
    assert "no second factor" in refusal(crowdalogue("user", "lost-phone", "lost@example.com"))
