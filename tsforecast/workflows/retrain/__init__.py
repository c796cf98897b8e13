"""`retrain`: check the data, train a challenger, and publish it only if it is not worse than the champion.

The command is made for cron: nobody watches it, and whatever happens, the model in service (the champion) forecasts.

Steps, in the order of `run.py`:

1. Refuse options that mean nothing and outputs that would overwrite an input or the store; take the model's lock.
2. Read the table by the champion's columns, and compare its hash and the configuration with the last run's. Where
   nothing is new, only the clock is checked and nothing is trained (`gate`).
3. The data gate (`data_checks`, `column_checks`, `drift`, `gate`): any limit that is exceeded ends the run. Limits are
   shares of rows, series and values lost or new, another schema, drift of level or spread, outliers, the age of the
   newest row, rows of the future, and no newer row. Each column of covariates has to keep those of missing values,
   drift and outliers too. A version that reads other columns is not compared with. A table is compared with the one
   accepted last, so that a change is held against it once. `--accept` accepts everything once. A lasting change
   (series, rows, level) is accepted by itself after a season of new rows, at most a horizon, or as `--accept-after`
   says; damage never is.
4. Hold the newest rows out (`held_out`): one to four horizons that the champion has not learned from. Too few: wait.
5. Train a challenger on the rows before (`challenger`), from scratch or from the champion's weights.
6. Compare both and the seasonal naive on the hold-out, and decide (`comparison`, `promotion`). Where a model fails,
   try a challenger of the rows since the last change of level, then simple models (`failed_champion`).
7. Publish the winner as it was compared (nothing is trained afterwards), with the number of rows it has not learned
   from, so that the next run can hold them out again.
8. Bring the forecast file up to date (`forecast_file`), and record the run (`record`).

Statuses and exit codes; the message says why:

    promoted   0  the challenger is in service
    unchanged  0  data and configuration are those of the last run: nothing was trained
    waiting    0  too few new rows to compare on, or to tell which model is better: the champion stays
    skipped    0  another retraining holds the lock, and `--if-locked skip` was given
    rejected   3  the challenger is clearly worse: the champion stays
    stand-in   3  so it is, but the champion fails: a simple model is in service
    gate       4  the data exceed a limit: nothing was trained
    failed        with the exit code of the error: 2 options, 65 data or champion, 66 input missing, 73 and 74 output
                  or disk, 75 locked or input changing, 77 store that others can change, 128 + n for signal n

How evidence decides. Every held-out row is forecast from every lead of the horizon. The mean absolute errors of two
models at each row are paired, and their differences averaged over two to four blocks of at least one horizon, because
windows that overlap make neighbouring rows alike. The block means go into a one-sided t-test (Ibragimov and Mueller
2010; `fitting/paired_test.py`). A challenger that is significantly worse by more than the tolerance (5 %), or very much
worse without a test, is rejected; one within the tolerance wins, because newer weights know more of the present; in
between the champion stays until there are more rows. A challenger clearly worse than the seasonal naive does not win
either. A champion clearly worse than the seasonal naive, over the hold-out or by far over the newest horizon, fails:
the best simple model stands in for it until a challenger wins again.

What is written where, all files whole or not at all:

    STORE/NAME/versions/NNNNNN, CURRENT   the published version; and what says that it is in service
    STORE/NAME/gate.json                  the table accepted last, and since when limits are exceeded
    STORE/NAME/last_run.json              the last run that had something to tell; checked.json: the last of any kind
    STORE/NAME/forecasts.json             what each forecast file was made of
    --predict-to, --log-file, --metrics-file   the forecast, one line of JSON per run, metrics for Prometheus

A crash or kill at any moment leaves the old version in service or the new one, never half of one. The lock ends with
its process. The next run needs no repair; `--resume` continues the training from its checkpoint. A failed run is
recorded too, without moving the time of the last success. A dry run decides and writes nothing.
"""
