"""Values as JSON that every reader accepts and no terminal obeys."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

from tsforecast.safe_text import visible

# Some terminals obey these characters, and some readers take them for the end of a line. JSON alone lets them through.
_CONTROL = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), 0x2028, 0x2029)}


MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"


def json_bytes(value: Any) -> bytes:
    """A value as indented JSON with sorted keys; NaN and infinity become null."""
    text = json.dumps(plain(value), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return f"{text.translate(_CONTROL)}\n".encode()


def json_text(text: str) -> str:
    """A text as a JSON string without control characters."""
    return json.dumps(visible(text), ensure_ascii=False).translate(_CONTROL)


def plain(value: Any) -> Any:
    """A value in the types of JSON: NaN and infinity become None, moments UTC, and texts can be written as UTF-8."""
    if hasattr(value, "tolist"):  # of NumPy, which must not be loaded for this
        value = value.tolist()
    if isinstance(value, dict):
        return {visible(str(key)): plain(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [plain(child) for child in value]
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime(MOMENT)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these keys and values, as the hook of a reader of JSON; a ValueError names a key that repeats."""
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key '{next(key for key in keys if keys.count(key) > 1)}' stands there twice")
    return values
