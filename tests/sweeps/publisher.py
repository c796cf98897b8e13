"""A program that works on a store as the commands do, each time in a process of its own that can be killed at any call.

It is started once and imports what it needs. For each line of JSON on stdin it forks a child, says its pid, and then
how it ended. A child that is `traced` waits for SIGUSR1, so that strace can be attached before it does anything.
"""

from __future__ import annotations

import io
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from tempfile import TemporaryDirectory
from typing import Any

from tests.store.conftest import build
from tsforecast.cli import main
from tsforecast.cli.console import Console
from tsforecast.cli.exits import show_failure
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.removal import delete_model, delete_version, rename_model
from tsforecast.store.store import Store

NAME = "sales"


def small_bundle(seed: int) -> Bundle:
    """A bundle of a few KB, other bytes for each seed, which its provenance names."""
    bundle = build("naive", seed=seed)
    return replace(bundle, provenance={**bundle.provenance, "seed": seed})


def _publish(store: str, seed: int, keep: int | None = None) -> None:
    extra: dict[str, Any] = {} if keep is None else {"keep": keep}
    Store(store).model(NAME).publish(small_bundle(seed), **extra)


def _rollback(store: str, to: int | None = None) -> None:
    Store(store).find(NAME).rollback(to)


def _prune(store: str, keep: int) -> None:
    Store(store).find(NAME).prune(keep)


def _delete(store: str, version: int | None = None) -> None:
    model = Store(store).find(NAME)
    delete_model(model) if version is None else delete_version(model, version)


def _rename(store: str, name: str) -> None:
    rename_model(Store(store).find(NAME), name)


def _predict(store: str, output: str, extra: tuple[str, ...] = ()) -> None:
    main(["predict", "--store", store, "-o", output, *extra], prog_name="tsforecast", standalone_mode=True)


ACTIONS: dict[str, Callable[..., None]] = {
    "publish": _publish,
    "rollback": _rollback,
    "prune": _prune,
    "delete": _delete,
    "rename": _rename,
    "predict": _predict,
}


def _act(request: dict[str, Any]) -> tuple[int, str]:
    """Do as asked; exit status and what was said on stderr, both as the commands have them."""
    if "limit" in request:
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["limit"], request["limit"]))
    said = io.StringIO()
    with redirect_stderr(said), redirect_stdout(io.StringIO()):
        try:
            ACTIONS[request["do"]](**request["with"])
            status = 0
        except SystemExit as error:
            status = int(error.code or 0)
        except BaseException as error:
            status = show_failure(error, Console())
    return status, said.getvalue()


def _child(request: dict[str, Any], answers: socket.socket) -> None:
    if request.get("traced"):
        signal.sigwait({signal.SIGUSR1})
    status, said = _act(request)
    # Not by write, which a fault may forbid.
    answers.send(json.dumps([status, said]).encode())
    os._exit(status)


def _warm_up() -> None:
    """Import what is imported only when it is needed: not while a child is traced."""
    with TemporaryDirectory() as folder:
        _publish(folder, 0)
        arguments = {"store": folder, "output": f"{folder}/warm.csv", "extra": ["--ledger"]}
        assert _act({"do": "predict", "with": arguments})[0] == 0


def _answer(value: object) -> None:
    sys.stdout.write(f"{json.dumps(value)}\n")
    sys.stdout.flush()


def serve() -> None:
    """Answer the lines of stdin until it ends."""
    _warm_up()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    for line in sys.stdin:
        request = json.loads(line)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        child = os.fork()
        if child == 0:
            _child(request, theirs)
        theirs.close()
        _answer(child)
        _, ended = os.waitpid(child, 0)
        said = "" if os.WIFSIGNALED(ended) else json.loads(ours.recv(1 << 20) or '[0, ""]')[1]
        ours.close()
        _answer([os.waitstatus_to_exitcode(ended), said])


if __name__ == "__main__":
    serve()
