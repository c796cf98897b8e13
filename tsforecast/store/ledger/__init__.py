"""The ledger of a model: every forecast that was noted, and the actuals that it was scored on. Nothing is ever changed.

    database   the file STORE/NAME/ledger.sqlite: opened, checked, changed in transactions
    runs       forecasts: one run for each `predict --ledger`, written once and read back whole
    actuals    what happened, as each scoring saw it; a value that differs later is a revision beside the first
    facts      how many forecasts were noted, and when last

The file is SQLite, with a rollback journal and `synchronous=EXTRA`: a run is in it when the transaction is on the disk,
and a kill or a power cut at any moment leaves it whole or absent. Writers wait for each other, a minute at most. A run
has an id of its own, so that none is stored twice, however often a write is repeated. The texts of a run are under a
SHA-256, which every reader compares: SQLite itself would not notice a flipped bit of a number.

    layout     what series and times mean: id columns, target, step and clock; ordinals of one layout can be compared
    series     ids as a JSON list, a number for each layout
    run        made (UTC), model, version, when that was published, season, levels, first and last ordinal, checksum
    times      the times of a run as forecasts are written, a JSON list for each ordinal at which series begin
    forecast   of a run and series: cutoff, ordinal of the first step, ordinal up to which the model had learned, scale
               of MASE, y_pred as a JSON list, bounds as [[lower, upper], ...] by level
    scoring    when actuals were read, and from what
    actual     of a series and ordinal: the value a scoring was the first to see; NULL where one was withdrawn

Anybody can look into it, while nobody writes:

    sqlite3 models/sales/ledger.sqlite 'SELECT made, version, cutoff, y_pred FROM run JOIN forecast ON run = number'

A file of a stranger is data at most: its tables must be exactly these, without triggers or views. What cannot be read
is moved aside by the user; the next forecast begins a new file. Versions may be pruned: a run says all that a score
needs to know of them.
"""
