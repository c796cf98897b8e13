"""What people read of a result. A report is values first, and then one of three writings of them.

    content         what a report consists of: texts, lists, tables and drawings, as values
    version         the report of a version, stored or just fitted
    backtest        the report of a backtest, `comparison` of several models; `windows` has what both say
    ledger          what became of the forecasts of a model
    sections        what all of them say, with `charts`, `metric_texts` and `times`
    markdown        a report as Markdown
    html/           a report as one page that needs nothing else
    writing         a report as a file in any of the formats
    fit             the files that a fit reports in
    describe        the profile of a table on the terminal
    forecast_frame  the frame of a forecast; `frames` those of a backtest, a comparison and a score; `page` a report
    detection       the frames of anomalies; `imputation` those of filled gaps
    plots/          pictures for slides, pages and terminals

A section is left out where nothing is known, as of a version that an older release has published.
"""
