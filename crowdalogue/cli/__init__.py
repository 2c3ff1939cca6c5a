"""`crowdalogue ...`: thin commands over the functions that the pages and the API use.

What is heavy to import is imported inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import NoReturn

import click

from crowdalogue.cli import (
    alarms,
    care,
    categories,
    compare,
    data,
    doctor,
    learn,
    people,
    persons,
    run,
    topics,
    watches,
    weekly,
)
from crowdalogue.errors import Failure

__all__ = ["commands", "main"]

STORE_AWAY = (
    "The database does not answer. Start it, or look at CROWDALOGUE_DATABASE_URL; `crowdalogue doctor` says more."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="crowdalogue", prog_name="crowdalogue")
def commands() -> None:
    """Listen to your customers on every channel, understand what they say, and answer.

    \b
    crowdalogue run                     the web server and a worker; the address is printed
    crowdalogue import messages.csv     past messages from a file
    crowdalogue doctor                  what is wrong, and the remedy

    Data is kept where CROWDALOGUE_HOME says, by default in ~/.local/share/crowdalogue.
    """


for _command in (
    *(run.run, run.serve, run.work),
    *(data.import_file, data.export, data.report, compare.compare, weekly.weekly, watches.watch),
    alarms.alarms,
    categories.categories,
    *(learn.evaluate, learn.label, learn.train, topics.topics),
    *(care.setup, care.demo, doctor.doctor, people.user, people.token, persons.people),
):
    commands.add_command(_command)


def main() -> NoReturn:
    """Run a command. Expected failures are one line on stderr and exit status 1, without a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crowdalogue.settings")
    try:
        result = commands.main(prog_name="crowdalogue", standalone_mode=False)
        sys.exit(result if isinstance(result, int) else 0)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(wrong.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except Failure as failure:
        give_up(failure.text)
    except OSError as error:
        if error.errno == errno.EPIPE:  # `crowdalogue export - | head` has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        give_up(f"{error.strerror or type(error).__name__}: {error.filename or 'the machine refused it'}.")
    except Exception as error:  # noqa: BLE001
        give_up(worded(error))


def worded(error: Exception) -> str:
    """An error nobody worded. Where it happened is said; what it says may quote a message, so that is not."""
    if type(error).__module__.startswith(("django.db", "psycopg", "sqlite3")):
        away = type(error).__name__ in ("OperationalError", "InterfaceError")
        return STORE_AWAY if away else f"The store did not take it ({type(error).__name__}). Please report it."
    import traceback

    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{'/'.join(place.filename.split('/')[-2:])}:{place.lineno}"
    return f"Something broke on our side ({type(error).__name__} at {where}). Please report it."


def give_up(text: str) -> NoReturn:
    click.echo(f"crowdalogue: {text}", err=True)
    sys.exit(1)
