"""setup, demo: what is made once."""

from __future__ import annotations

import click

from crowdalogue.cli.output import Progress, print_json
from crowdalogue.cli.store import open_store
from crowdalogue.errors import Failure


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def setup(as_json: bool) -> None:
    """Make the store's tables and the sentence encoder. `run` does the first by itself.

    \b
    Example:  crowdalogue setup
    """
    open_store()
    from crowdalogue.text import encoder

    try:
        path = encoder.model_path()
        if not path.exists():
            encoder.build()
    except encoder.EncoderMissing as missing:
        raise Failure(str(missing)) from None
    if as_json:
        print_json({"store": "ready", "encoder": str(path)})
    else:
        click.echo("The store and the sentence encoder are ready. Start with: crowdalogue run")


@click.group()
def demo() -> None:
    """The demo company: ninety days of made-up customers, to look around.

    \b
    Example:  crowdalogue demo load
    """


@demo.command()
@click.option("--json", "as_json", is_flag=True, help="End with one line of JSON.")
def load(as_json: bool) -> None:
    """Load it, in under a minute. What it adds is marked and can be removed whole.

    \b
    Example:  crowdalogue demo load
    """
    open_store()
    from crowdalogue.demo import loader

    progress = Progress("messages")
    run = loader.load(progress)
    progress.end()
    if as_json:
        print_json({"state": run.state, **run.counts})
    else:
        click.echo("The demo company is loaded. Remove it with: crowdalogue demo remove")


@demo.command()
@click.option("--json", "as_json", is_flag=True, help="End with one line of JSON.")
def remove(as_json: bool) -> None:
    """Remove everything the demo company added, and nothing else.

    \b
    Example:  crowdalogue demo remove
    """
    open_store()
    from crowdalogue.demo import loader

    progress = Progress("conversations")
    gone = loader.remove(progress)
    progress.end()
    if as_json:
        print_json({"removed": gone})
    else:
        click.echo("The demo company is gone." if gone else "There was no demo company.")
