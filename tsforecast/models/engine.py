"""TensorFlow, started quietly and set up once: threads, device, float32."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tsforecast.errors import OptionError

_state: dict[str, int] = {}


def start(threads: int) -> Any:
    """Import TensorFlow with its start-up noise held back, and fix the number of its threads.

    The noise is what native code writes to file descriptor 2 while libraries load; it is shown if loading fails.
    Threads can be set once in a process: later calls with another number keep the first one.

    Returns:
        The tensorflow module.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _held_back_stderr(), _private_keras_home():
        import keras
        import tensorflow as tf

        if "threads" not in _state:
            try:
                # Training cuts its batches into a shard per thread (training_graph.py): each operation is one thread's.
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
            hint="use --device cpu, or install the CUDA libraries: pip install 'tsforecast[gpu]'",
        )
    return "/GPU:0" if gpus and device != "cpu" else "/CPU:0"


@contextmanager
def _private_keras_home() -> Iterator[None]:
    """Keras reads and writes a configuration file when it is imported: in a folder that nobody else can fill."""
    before = os.environ.get("KERAS_HOME")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KERAS_HOME"] = folder
        try:
            yield
        finally:
            del os.environ["KERAS_HOME"]
            if before is not None:
                os.environ["KERAS_HOME"] = before


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
        except BaseException:
            held.seek(0)
            os.write(saved, held.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)
