"""Series of one frequency, and windows of them: the ground that reading, models and the store stand on.

A `Panel` holds many series one after the other in flat arrays; `offsets[i]:offsets[i + 1]` are the rows of series i.
Its rows lie on the grid of a `Frequency`, without gaps: a filled row is marked as not observed. Nothing here knows
where a panel came from; a `Schema` beside it says how the user's table names its columns.

From a panel to what a model sees:

1. `split`: the newest rows of each series are held out, for choosing, calibrating and scoring.
2. `strays`: the few values that are hardly measurements are replaced by the ones before them.
3. `scaling`: each series is brought into *model space*, by a logarithm where that helps and by a center and a scale
   that are fitted on training rows alone. The inverse is exact.
4. `windows`: `ModelRows` joins the rows, their scaling and each series' number in training. A `WindowIndex` says which
   windows are wanted, `ModelRows` gathers them batch by batch, and the `Windows` that come out are what every model
   forecasts from.

`seasons` finds which seasons a series has, and how strong they are; `weekly_cycle` learns the usual week of each
series, which models may be spared.

Two promises keep this simple. What there is none of, such as covariates, is an array of width zero and never None. And
a window never looks beyond its origin: what is learned from rows before a border does not change with rows after it.
"""
