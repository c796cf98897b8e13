"""The colours of a page by day and by night. Texts stand out by 4.5 to 1 and lines by 3 to 1, which a test computes."""

from __future__ import annotations

# Texts, and the grounds that they stand on.
TEXTS = {
    "ink": ("ground", "raised"),
    "soft": ("ground", "raised"),
    "accent": ("ground", "raised"),
    "warn-ink": ("warn",),
}
LINES = ("history", "model", "other-1", "other-2", "other-3", "other-4", "other-5", "reference")
BANDS = ("band-1", "band-2")

LIGHT = {
    "ground": "#ffffff",
    "raised": "#f4f6f8",
    "ink": "#1b1f24",
    "soft": "#57606a",
    "rule": "#d5dae0",
    "accent": "#0a58a8",
    "warn": "#fff3cd",
    "warn-ink": "#6b4a00",
    "history": "#2f363d",
    "model": "#0a58a8",
    "other-1": "#b4460f",
    "other-2": "#1a7f4e",
    "other-3": "#8a4bbf",
    "other-4": "#996b00",
    "other-5": "#6e7781",
    "reference": "#8b939c",
    "band-1": "#9cc3ea",
    "band-2": "#d3e4f6",
}
DARK = {
    "ground": "#14171b",
    "raised": "#1e2329",
    "ink": "#e6e9ed",
    "soft": "#a4adb8",
    "rule": "#373e47",
    "accent": "#7cb8f5",
    "warn": "#3b2f0b",
    "warn-ink": "#f3d98a",
    "history": "#d5dae0",
    "model": "#7cb8f5",
    "other-1": "#f0955f",
    "other-2": "#5ec98f",
    "other-3": "#c79af0",
    "other-4": "#d9b44a",
    "other-5": "#9aa4af",
    "reference": "#7d8692",
    "band-1": "#2f5f8f",
    "band-2": "#203a54",
}


def contrast(one: str, other: str) -> float:
    """How far two colours stand out from each other, from 1 to 21, as WCAG 2 defines it."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[place : place + 2], 16) / 255) for place in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
