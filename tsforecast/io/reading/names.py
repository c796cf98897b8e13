"""What the name of a column says about what it holds."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")


def words(name: str) -> frozenset[str]:
    """The words of a column name in lower case: `obsYear` has `obs` and `year`."""
    return frozenset(word.lower() for word in _WORD.findall(name))


_ID_NAME = re.compile(r"(?:.*[^A-Za-z])?(?:id|ID|Id)|.*[a-z](?:ID|Id)")


def is_id_name(name: str) -> bool:
    """Whether a column is named like an id: `id`, `store_id`, `storeId`."""
    return _ID_NAME.fullmatch(name) is not None
