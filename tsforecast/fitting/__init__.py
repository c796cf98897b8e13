"""From a panel to a trained, calibrated and scored model: plain functions for `fit` and `retrain`.

`fit_panel` is the way through, in this order:

1. `choose` fixes season, horizon and least context, and the rows are split. Then it decides everything that the user
   has left open, with a reason for each choice: `quick_linear` fits ridge regressions under each candidate and compares
   their errors on validation windows, and `architecture` sizes the networks. The result is a `Plan`.
2. `prepared` brings the rows into model space, with a scaling that is fitted on the training rows.
3. `learn` trains every candidate of the plan on the training windows. Where there are several, `combination` chooses
   their shares by the error of the mean on validation windows. What the final training has to repeat is kept as a
   recipe: the seed, the epochs that led to the best weights, the strength of a ridge.
4. `calibrate` learns intervals on the calibration windows, which nothing was chosen by.
5. `scores` compares the model with the simple ones on test windows that none of them has seen. `Scorer` does the same
   for the comparison of a retraining, and `paired_test` says whether a difference is more than chance.
6. The chosen parts are trained again on all rows (`train_again`): this is what is published.

`warm_start` goes on from the weights of an earlier model in place of steps 1 to 5.

Nothing in steps 1 to 4 looks at test rows, and step 3 at no row after the validation rows; tests/test_leakage.py
changes later rows and compares every number.
"""
