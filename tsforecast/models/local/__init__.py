"""Local models: fitted to each series alone, in closed form, and made for short series.

    ets             exponential smoothing in state-space form, its forms weighed by AICc
    theta           the dynamic optimised Theta model on seasonally adjusted values
    seasonal_shape  each season is a level and a shape; a ridge regression forecasts the level
    forms           the mean of the best few forms of such a model
    decomposition   classical decomposition, and the test for a season
    aligned         series of unequal lengths side by side, and units in which zero is zero
    models          the table of these models: how each is fitted to series and asked for windows

A local model is a few numbers for each series (`parameters`, one row a series), which say how to read its values, and
not where it stood: the state at an origin comes from the newest rows before it. So forecasts follow newer rows, and
what a series was trained on need not be known. A series that was not there in training is fitted on its own window.
All of them are linear in the values once the parameters are given, or nearly so; hence parameters are tried on all
series at once, and initial states are solved for, not searched.

They work where zero is zero, whatever space the other models see, for a factor of the season is only one there. They
read no covariates. NumPy is all they need.
"""
