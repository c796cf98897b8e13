"""The one place that turns an exception into words on stderr and an exit status."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from contextlib import suppress

import click

from tsforecast.cli.console import Console
from tsforecast.cli.text import clean
from tsforecast.errors import OptionError, StorageError, Terminated, TsforecastError
from tsforecast.texts import bounded, visible

_BROKEN_PIPE = 141  # 128 + SIGPIPE


def show_failure(error: BaseException, console: Console) -> int:
    """Say what went wrong.

    Args:
        error: whatever a command raised.
        console: shows it; with `as_json`, also as `{"error": ...}` on stdout.

    Returns:
        The exit status.
    """
    if isinstance(error, KeyboardInterrupt):
        error = Terminated(signal.SIGINT)
    if isinstance(error, Terminated):
        console.error(str(error))
        _show_json(error, console)
        return error.exit_code
    _drop_unwritable_output()
    if isinstance(error, BrokenPipeError):
        return _BROKEN_PIPE
    if isinstance(error, OSError):
        error = _storage_error(error)
    if not isinstance(error, TsforecastError):
        return _show_bug(error, console)
    console.error(str(error))
    if console.verbose:
        _show_causes(error, console)
    _show_json(error, console)
    return error.exit_code


def usage_error(error: click.ClickException, console: Console) -> click.ClickException:
    """An error as Click can show it, without what a terminal obeys and not too long; its JSON part is shown here."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error
    said = error.format_message()
    _show_json(OptionError(said), console)
    text = clean(bounded(said))
    return error if text == clean(said) == said else click.UsageError(text, getattr(error, "ctx", None))


def _show_json(error: TsforecastError | Terminated, console: Console) -> None:
    if console.as_json:
        with suppress(OSError):  # stdout may be what failed
            console.json({"error": error.to_dict()})


def _storage_error(error: OSError) -> StorageError:
    """What no reader or writer of ours foresaw: a full disk below stdout, say."""
    wrapped = StorageError(error.strerror or str(error), file=str(error.filename or ""))
    wrapped.__cause__ = error
    return wrapped


def _show_bug(error: BaseException, console: Console) -> int:
    for text in traceback.format_exception(error):
        click.echo(bounded(visible(text)), err=True, nl=False)
    bug = TsforecastError(f"this is a bug of tsforecast: {type(error).__name__}: {error}", hint="please report it")
    console.error(str(bug))
    _show_json(bug, console)
    return bug.exit_code


def _show_causes(error: BaseException, console: Console) -> None:
    cause = error.__cause__
    while cause is not None:
        console.error(f"caused by {type(cause).__name__}: {cause}")
        cause = cause.__cause__


def _drop_unwritable_output() -> None:
    # What is still buffered would fail once more when the interpreter flushes it at its end.
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except OSError:
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
