"""`tsforecast models COMMAND`: the commands that look at a store and look after it, one per module."""

from __future__ import annotations

import click

from tsforecast.cli.groups import LazyGroup

COMMANDS = {
    "delete": "Delete a version that is not in service, or a whole model.",
    "export": "Write a version into a zip file, once it was checked.",
    "list": "List the models of a store, with the version in service.",
    "prune": "Remove the old versions of a model.",
    "rename": "Give a model another name.",
    "rollback": "Put an older version of a model back into service.",
    "show": "Show all that is known of a version.",
    "verify": "Check the versions of a model, or of all.",
}


@click.group("models", cls=LazyGroup, table=COMMANDS, package=__name__)
def command() -> None:
    """List, check and keep the models of a store."""
