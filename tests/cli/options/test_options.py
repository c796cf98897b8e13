"""Options agree with the dataclasses that they fill."""

from __future__ import annotations

from dataclasses import fields

import click
import pytest

from tsforecast.cli.commands import fit
from tsforecast.cli.options.declared import collect, options_of
from tsforecast.io.options import ReadOptions
from tsforecast.models.options import FitOptions


@click.command()
@options_of(ReadOptions)
def reading():
    """Options of reading alone."""


def test_every_reading_option_is_a_field_and_shows_its_default():
    params = {param.name: param for param in reading.params}
    fit_does_not_ask = {"whole_lines"}  # of retraining, where nobody reads a warning
    assert set(params) == {field.name for field in fields(ReadOptions)} - fit_does_not_ask
    for field in fields(ReadOptions):
        if field.default not in (None, ()) and field.name not in fit_does_not_ask:
            assert params[field.name].default == field.default
            assert params[field.name].show_default is True


def test_what_is_not_given_keeps_the_default():
    values = {param.name: () if param.multiple else param.default for param in reading.params}
    assert collect(ReadOptions, values) == ReadOptions()
    assert collect(ReadOptions, {"other": 1}) == ReadOptions()


def test_every_field_of_fit_is_an_option_with_its_default():
    params = {param.name: param for param in fit.command.params}
    for field in fields(FitOptions):
        assert params[field.name].default == field.default
        assert f"--{field.name.replace('_', '-')}" in params[field.name].opts


@pytest.mark.parametrize(("typed", "meant"), [("tab", "\t"), ("\\t", "\t"), (";", ";")])
def test_delimiter_tab(run, play, record, calls, typed, meant):
    play("workflows.describe", describe=record(KeyboardInterrupt()))
    run("describe", "a.csv", "--delimiter", typed)
    assert calls[0][0][1].delimiter == meant
