"""From a panel to a trained, calibrated and scored model: plain functions for every command that trains.

fit_panel.py is the door. What comes in is a panel (series in the user's units), the options of the user, and a
TrainingSession; what goes out is a Fitted: the plan, the model, its calibration, and honest scores. The steps:

1. *Basics* (choose.py): horizon and season from the frequency. They decide how many rows are held out.
2. *Split* (series/split.py): the newest rows of each series are, from old to new, for validation, calibration and test.
3. *Plan* (choose.py, plan.py): transform, normalisation and lookback are chosen by a quick linear model
   (quick_linear.py) on training and validation rows; segment, width, candidates and the effort of training follow from
   the windows and the preset (architecture.py). Which covariates are read, and whether the calendar and the holidays
   are, linear models at many origins of the past say (choose_covariates.py, rolling_linear.py): what brings more than
   chance explains. Where steps are shorter than a day, choose_week.py decides whether linear models and networks learn
   from the values without the usual week of each series. Every choice has its reason.
4. *Model space* (prepared.py): the scaling is fitted on training rows, and the rows are transformed.
5. *Training* (learn.py, trainer.py): every candidate is trained on the training part, networks guided by validation. If
   the validation part is short, the same is done for earlier periods. The candidates that take no time are learned
   first, combined and scored without the networks (`train_simple`): that is the first forecast that a user sees, what
   the networks are measured by, and learned once. Where training windows are few and a model of each series alone is
   clearly better than the linear one, or the time limit is short, no network is trained.
6. *Combination* (combination.py): shares of the candidates are chosen by the validation error of their mean (greedy
   ensemble selection, Caruana et al. 2004), and each of several series picks on from there where its windows can tell.
   A candidate without a share is dropped.
7. *Calibration* (calibrate.py): intervals get their width from errors on the calibration part (split conformal
   prediction), those of point models in the unit that suits them (held_out_errors.py).
8. *Scores* (scores.py): the model and simple models are scored on the same test windows, which none has seen; a
   combination that loses clearly to a simple model there gives way to it; error_profile.py says where they err: by
   step, by series, over time, series_scores.py how each series fared. `Scorer` does the same for the comparison of a
   retraining, and paired_test.py says whether a difference is more than chance.
9. *Training again* (learn.py, trained.py): each part is trained on all rows by its Recipe: the same seed, the epochs
   that led to the best weights, the same ridge strength. The calibration and the scores are those of steps 7 and 8.

backtest.py does all of this at cutoffs of the past (folds.py), from the rows known there; backtest_fits.py goes through
the fits of a backtest, in processes of their own (processes.py) if asked to, backtest_scores.py scores them, and
window_test.py says which of several models chance may have put behind another.
warm_start.py trains a model further from its weights in place of steps 3 to 6. Nothing in steps 1 to 7 looks at test
rows, and training and combination at no row after the validation rows; tests/test_leakage.py changes later rows and
compares every number.
"""
