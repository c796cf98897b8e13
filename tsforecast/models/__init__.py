"""Models: windows in, forecasts out.

`registry` is the table of models by name, `options` what a user can say about them. A trained model is a `ModelSpec`,
plain values that say what it consists of, and the weights of its parts. Each part maps `Windows` to quantiles or points
for all steps of the horizon: a network (`network`, learned by `training`), a ridge regression (`linear`), a model that
is fitted to each series alone (`local`) or a rule that learns nothing (`baselines`). `parts` runs them and takes their
weighted mean, quantile by quantile, so that the order of the quantiles is kept (Vincent averaging). Each series may
have shares of its own.

A `Calibration` turns quantiles into intervals with honest coverage, learned on windows used for nothing else (split
conformal prediction). A `Forecaster` is a model with its calibration and has three ways to be asked:

- `quantiles(windows)`: in model space;
- `intervals(windows, scaling, levels)`: medians and intervals in the user's units;
- `ahead(rows, horizon, levels)`: the steps after the last row of each series, some series after the other. Beyond the
  horizon that the model was trained for, its medians are fed back as known values and held within what the known values
  support; intervals widen with the square root of the number of horizons. `reach` holds what no value supports.

Outcomes that have become known since the fit let the intervals learn on: `recalibrated` gives a forecaster with factors
on its intervals (`living`, online conformal prediction).

`anomaly` has what needs no forecast of a model: scorers that say how unusual each row of a series is.
`imputation` has what fills gaps from both sides.

Forecasting needs NumPy alone; TensorFlow is imported by what trains networks and by nothing else.
"""
