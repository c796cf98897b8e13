"""From rows to regular series: `rows` sorts them and finds their step, `aggregate` brings them onto longer steps where
that is asked for, and `build` puts them on the grid, refuses or leaves out bad series, and fills the gaps.
"""
