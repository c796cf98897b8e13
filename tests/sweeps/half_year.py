"""Half a year in the life of a retraining: six shops, a table that is written anew each day, and what befalls it.

A night is a number. At night n the table holds the rows of the days before; the job runs at 03:17 of day n. The truth
is drawn at once, and each night sees it through the events that have begun by then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

DAYS = 180
HISTORY = 400
BEGIN = datetime(2024, 3, 1, tzinfo=UTC)  # day 0
HORIZON = 7
SHOPS = ("a", "b", "c", "d", "e", "f")
OPENED, ENDS, HOLIDAY, REVISED, LATE, ALL_LATE, SHIFT, SPIKE, HOLES, FROZEN, WINDOW, ADDED, RENAMED = (
    30, 45, 15, 55, 62, 70, 80, 110, 118, 126, 140, 150, 156,
)  # fmt: skip
# What people do by day, between two nights.
ROLLED_BACK, FITTED, FULL_DISK = 162, 168, 174
FROZEN_NIGHTS, HOLES_NIGHTS, NEW_LEVEL = 5, 3, 1.8
# Each event with the nights for which it can be felt.
EVENTS = {
    HOLIDAY: 2, OPENED: 2, ENDS: 8, REVISED: 2, LATE: 2, ALL_LATE: 2, SHIFT: 8, SPIKE: 3, HOLES: 4, FROZEN: 6,
    WINDOW: 8, ADDED: 1, RENAMED: 2, ROLLED_BACK: 1, FITTED: 1, FULL_DISK: 2,
}  # fmt: skip
QUIET = 6


def nights(*, whole: bool) -> list[int]:
    """The nights on which the job runs: around each event all of them; where nothing happens, one in six."""
    felt = {night for event, last in EVENTS.items() for night in range(event - 1, event + last + 1)}
    return [night for night in range(DAYS) if whole or night in felt or night % QUIET == 0]


def stamp(day: int) -> str:
    """A day as the table writes it."""
    return f"{BEGIN + timedelta(days=day):%Y-%m-%d}"


def moment(night: int) -> datetime:
    """When the job of a night runs."""
    return BEGIN + timedelta(days=night, hours=3, minutes=17)


def truth(seed: int = 0) -> pd.DataFrame:
    """What is sold: a level for each shop, a week, slow growth and noise; all shops at another level from SHIFT on."""
    days = np.arange(-HISTORY, DAYS + HORIZON)
    frames = []
    for number, shop in enumerate((*SHOPS, "new")):
        random = np.random.default_rng([seed, number])
        week = 1 + 0.2 * np.sin(2 * np.pi * (days + number) / 7)
        level = 100.0 * (number + 1) * (1 + 0.0003 * (days + HISTORY))
        sold = level * week * np.where(days >= SHIFT, NEW_LEVEL, 1.0) * (1 + random.normal(0, 0.06, len(days)))
        frames.append(pd.DataFrame({"shop": shop, "day": days, "sold": sold.round(2)}))
    whole = pd.concat(frames, ignore_index=True)
    there = (whole["shop"] != "new") | (whole["day"] >= OPENED)
    there &= (whole["shop"] != "b") | (whole["day"] < ENDS)
    there &= whole["day"] != HOLIDAY
    return whole[there].reset_index(drop=True)


@dataclass(frozen=True)
class Feed:
    """The table that the job finds each night."""

    whole: pd.DataFrame

    def table(self, night: int) -> pd.DataFrame:
        """Its rows, as they are written."""
        if FROZEN <= night < FROZEN + FROZEN_NIGHTS:
            night = FROZEN - 1
        if night == ALL_LATE:
            night -= 1
        rows = self.whole[self.whole["day"] < night].copy()
        if night >= REVISED:
            old = rows["day"].between(REVISED - 10, REVISED - 1)
            rows.loc[old, "sold"] = (rows.loc[old, "sold"] * 1.03).round(2)
        if night == LATE:
            rows = rows[(rows["day"] < night - 1) | ~rows["shop"].isin(["c", "d"])]
        if night == SPIKE + 1:
            rows.loc[(rows["day"] == SPIKE) & (rows["shop"] == "c"), "sold"] *= 1e6
        if HOLES < night <= HOLES + HOLES_NIGHTS:
            # Rows of the last two weeks are lost on the way, and come back later.
            recent = rows["day"].between(HOLES - 14, HOLES - 2)
            rows = rows[~(recent & ((rows["day"] + rows["shop"].map(ord_of)) % 3 == 0))]
        if night >= WINDOW:
            rows = rows[rows["day"] >= night - 300]
        rows = rows.assign(date=[stamp(day) for day in rows["day"]])[["shop", "date", "sold"]]
        if night >= ADDED:
            rows["promo"] = 1.5
        return rows.rename(columns={"sold": "returned"}) if night == RENAMED else rows

    def actual(self, shop: str, date: str) -> float | None:
        """What was sold in the end; None for a day without sales."""
        day = (datetime.fromisoformat(date).replace(tzinfo=UTC) - BEGIN).days
        found = self.whole[(self.whole["shop"] == shop) & (self.whole["day"] == day)]["sold"]
        return None if found.empty else float(found.iloc[0])


def ord_of(shop: str) -> int:
    """A number for a shop."""
    return ord(shop[0])


def newest_day(night: int) -> int:
    """The last day that the table of a night holds."""
    if FROZEN <= night < FROZEN + FROZEN_NIGHTS:
        night = FROZEN - 1
    if night == ALL_LATE:
        night -= 1
    return night - 2 if night - 1 == HOLIDAY else night - 1


def shut(night: int) -> bool:
    """Whether the gate has to refuse the table of a night."""
    return (
        SHIFT < night <= SHIFT + 6  # a new level is accepted once it has held for a week
        or night == SPIKE + 1
        or HOLES < night <= HOLES + HOLES_NIGHTS
        or FROZEN < night < FROZEN + FROZEN_NIGHTS  # more than three days old
        or WINDOW <= night < WINDOW + 6  # a table that is shorter by a quarter, likewise
        or night == RENAMED
    )
