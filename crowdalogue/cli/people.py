"""user, token: who may come in, for whoever runs the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crowdalogue.cli.output import print_json
from crowdalogue.cli.store import open_store
from crowdalogue.errors import Failure

if TYPE_CHECKING:
    from crowdalogue.models import User

ROLES = ("owner", "manager", "agent", "analyst")


@click.group()
def user() -> None:
    """Add people and change what they may do.

    \b
    Example:  crowdalogue user add ada@example.com --role agent --name "Ada Ex"
    """


@user.command()
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), default="agent", show_default=True)
@click.option("--name", default="", help="How colleagues see them.")
@click.password_option(help="Asked for when not given.")
def add(email: str, role: str, name: str, password: str) -> None:
    """Add somebody who can sign in.

    \b
    Example:  crowdalogue user add ada@example.com --role manager
    """
    open_store()
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email

    from crowdalogue.models import User

    try:
        validate_email(email)
        validate_password(password, User(email=email, name=name))
    except ValidationError as wrong:
        raise Failure(" ".join(wrong.messages)) from None
    if User.objects.filter(email=email.casefold()).exists():
        raise Failure(f"{email} is here already. Change their role with: crowdalogue user role {email} ROLE")
    made = User.objects.create_user(email, password, name=name[:120], role=role)
    record(made, "added_user", f"{made.email} as {role}")
    click.echo(f"{made.email} can sign in as {role}.")


@user.command()
@click.argument("email")
@click.argument("role", type=click.Choice(ROLES))
def role(email: str, role: str) -> None:
    """Change what somebody may do.

    \b
    Example:  crowdalogue user role ada@example.com manager
    """
    open_store()
    from crowdalogue.models import User

    found = find(email)
    last_owner = found.role == "owner" and role != "owner" and User.objects.filter(role="owner").count() == 1
    if last_owner:
        raise Failure(f"{email} is the only owner. Make somebody else owner first.")
    found.role = role
    found.save(update_fields=["role"])
    record(found, "changed_role", f"{found.email} to {role}")
    click.echo(f"{found.email} is now {role}.")


@user.command()
@click.argument("email")
@click.password_option(help="Asked for when not given.")
def password(email: str, password: str) -> None:
    """Give somebody a new password; browsers they are signed in with ask for it.

    \b
    Example:  crowdalogue user password ada@example.com
    """
    open_store()
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    found = find(email)
    try:
        validate_password(password, found)
    except ValidationError as wrong:
        raise Failure(" ".join(wrong.messages)) from None
    found.set_password(password)
    found.save(update_fields=["password"])
    record(found, "changed_password", found.email)
    click.echo(f"{found.email} signs in with the new password from now on.")


@user.command(name="lost-phone")
@click.argument("email")
def lost_phone(email: str) -> None:
    """Take away somebody's second factor, so that they sign in with the password and set up a new one.

    \b
    Example:  crowdalogue user lost-phone ada@example.com
    """
    open_store()
    from allauth.mfa.models import Authenticator

    found = find(email)
    gone, _ = Authenticator.objects.filter(user=found).delete()
    if not gone:
        raise Failure(f"{found.email} has no second factor; the password is enough to sign in.")
    record(found, "removed_second_factor", found.email)
    click.echo(f"{found.email} signs in with the password alone until a new second factor is set up.")


def find(email: str) -> User:
    from crowdalogue.models import User

    found = User.objects.filter(email=email.casefold()).first()
    if found is None:
        raise Failure(f"Nobody has the address {email}. Add them with: crowdalogue user add {email}")
    return found


def record(who: User, deed: str, what: str) -> None:
    from crowdalogue.models import Audit

    Audit.objects.create(who="command line", deed=deed, what=what[:300], facts={"user": who.pk})


@click.command()
@click.argument("email")
@click.option("--name", default="command line", show_default=True, help="What it is for.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def token(email: str, name: str, as_json: bool) -> None:
    """Make a key to the API that acts for the person with this address. It is shown once.

    \b
    Example:  crowdalogue token ada@example.com --name "nightly export"
    """
    open_store()
    from crowdalogue.models import Token

    owner = find(email)
    made, key = Token.make(owner, name[:120])
    record(owner, "made_token", f"{made} for {owner.email}")
    if as_json:
        print_json({"id": made.pk, "name": made.name, "token": key})
    else:
        click.echo(key)
