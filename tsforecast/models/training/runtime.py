"""TensorFlow, started quietly and set up once: threads, device, float32."""

from __future__ import annotations

import os
import resource
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tsforecast.errors import OptionError
from tsforecast.progress import Message, Report

_BACKEND = "tensorflow"

# With less, a thread of TensorFlow that gets no memory ends the process without a word.
_LEAST_ADDRESS_SPACE = 3300 << 20
_state: dict[str, int] = {}


def start(threads: int, report: Report = lambda event: None) -> Any:
    """Import TensorFlow with its start-up noise held back, and fix the number of its threads.

    The noise is what native code writes to file descriptor 2 while libraries load; it is shown if loading fails.
    Threads can be set once in a process: later calls with another number keep the first one.

    Args:
        threads: of the CPU.
        report: is told where another backend of Keras is set than ours.

    Returns:
        The tensorflow module.

    Raises:
        OptionError: somebody in this process has imported Keras with another backend.
        MemoryError: TensorFlow would end the process for lack of address space.
    """
    _check_address_space()
    backend = os.environ.get("KERAS_BACKEND", _BACKEND)
    if backend != _BACKEND and "keras" not in sys.modules:
        report(Message("warning", f"KERAS_BACKEND is '{backend}'; tsforecast trains with {_BACKEND}"))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Keras reads and writes a configuration file when it is imported: in a folder that cannot hold one.
    variables = _variables(KERAS_BACKEND=_BACKEND, KERAS_HOME=os.devnull)
    with _held_back_stderr(), _without_matplotlib(), variables:
        with _signals_later():
            import tensorflow as tf
        with _signals_later():
            import keras

        if keras.backend.backend() != _BACKEND:
            raise OptionError(
                f"Keras is loaded with the backend '{keras.backend.backend()}' already",
                hint=f"train in a process of its own, or set KERAS_BACKEND={_BACKEND} before Keras is imported",
            )
        if "threads" not in _state:
            try:
                # A batch is cut into a shard per thread (graph.py), so each operation has one thread.
                tf.config.threading.set_intra_op_parallelism_threads(1)
                tf.config.threading.set_inter_op_parallelism_threads(threads)
            except RuntimeError:  # somebody in this process has used TensorFlow before us
                threads = tf.config.threading.get_inter_op_parallelism_threads() or (os.cpu_count() or 1)
            _state["threads"] = threads
        tf.config.list_logical_devices()
        tf.get_logger().setLevel("ERROR")  # its advice on tracing is not for users
        keras.config.set_floatx("float32")
    return tf


def threads_used() -> int:
    """Threads that TensorFlow was started with; 0 before it was."""
    return _state.get("threads", 0)


def choose_device(device: str) -> str:
    """TensorFlow's name of the device to train on.

    Raises:
        OptionError: a GPU was asked for and TensorFlow sees none.
    """
    import tensorflow as tf

    gpus = tf.config.list_logical_devices("GPU")
    if device == "gpu" and not gpus:
        raise OptionError(
            "device is 'gpu', but TensorFlow sees no GPU",
            hint="use --device cpu, or install the CUDA libraries: pip install 'tensorflow[and-cuda]'",
        )
    return "/GPU:0" if gpus and device != "cpu" else "/CPU:0"


def _check_address_space() -> None:
    allowed, _ = resource.getrlimit(resource.RLIMIT_AS)
    if allowed != resource.RLIM_INFINITY and allowed < _LEAST_ADDRESS_SPACE:
        raise MemoryError(f"TensorFlow needs an address space (ulimit -v) of {_LEAST_ADDRESS_SPACE >> 20:,} MiB")


@contextmanager
def _variables(**values: str) -> Iterator[None]:
    before = {name: os.environ[name] for name in values if name in os.environ}
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            del os.environ[name]
        os.environ.update(before)


@contextmanager
def _signals_later() -> Iterator[None]:
    """Let signals that Python handles wait for the end of the body: an import must not be broken off."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    ends = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in ends if callable(signal.getsignal(number))}
    for number in before:
        signal.signal(number, lambda caught, _frame: came.append(caught))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


@contextmanager
def _without_matplotlib() -> Iterator[None]:
    """Keras would import it for pictures that we do not draw, and matplotlib makes folders in the user's home."""
    if "matplotlib" in sys.modules:
        yield
        return
    sys.modules["matplotlib"] = None  # type: ignore[assignment]  # an import of it fails, as if it were not installed
    try:
        yield
    finally:
        del sys.modules["matplotlib"]


@contextmanager
def _held_back_stderr() -> Iterator[None]:
    """Send file descriptor 2 to a temporary file; copy it back out if the block fails."""
    sys.stderr.flush()
    try:
        saved = os.dup(2)
    except OSError:  # started with a closed stderr
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except Exception:  # a signal is no failure
            held.seek(0)
            os.write(saved, held.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)
