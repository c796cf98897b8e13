"""Ordinary tables that were refused, or asked about with a wrong hint (section B): those that are simply read."""

from __future__ import annotations

import pytest

from tests.conftest import Run
from tests.tables.kit import Kind, check_read, describe, mean, series, stamps, table, wave

DAY = "%Y-%m-%d"
DAYS = stamps(120, "D", DAY)
QUARTERS = stamps(96 * 3, "15min", f"{DAY} %H:%M:%S")
SPAN, ALL = (DAYS[0], DAYS[-1]), {"": mean(range(120))}
HOURS = ("2021-03-01 00:00:00", "2021-03-10 23:00:00")
ENDS = ("2021-03-01 01:00:00", "2021-03-11 00:00:00")
HOURLY, ALL240 = (1, 240, "h"), {"": mean(range(240))}
MONTHLY, ALL60 = (1, 60, "MS"), {"": mean(range(60))}


def dated_hours(header: str, first: int, written: str = "{}") -> str:
    """Ten days of 24 numbered hours beside their date."""
    times = [f"{day},{written.format(hour)}" for day in DAYS[:10] for hour in range(first, first + 24)]
    return series(header, times)


def across(header: str, names: list[str], rows: int, count: int) -> str:
    """One series a row."""
    return table(header, [(name, *(wave(row, 30 * (at + 1)) for row in range(count))) for at, name in enumerate(names)])


def months(text_format: str) -> list[str]:
    return stamps(60, "MS", text_format, "2015-01-01")


def minute_table() -> str:
    times = [f"{day},{hour},{minute}" for day in DAYS[:3] for hour in range(24) for minute in (0, 15, 30, 45)]
    return series("day,hour,minute,load", times)


def half_hours() -> str:
    rows = [(day, period) for day in stamps(5, "D", "%d-%b-%Y") for period in range(1, 49)]
    return table("DAY,PERIOD,demand", [(*row, wave(number)) for number, row in enumerate(rows)])


def stores_and_families() -> Kind:
    pairs = [(store, family) for store in (3, 12) for family in ("BREAD", "MILK")]
    rows = [
        (number, day, store, family, wave(row, 10 * store + len(family)))
        for number, (row, day, (store, family)) in enumerate(
            (row, day, pair) for row, day in enumerate(DAYS) for pair in pairs
        )
    ]
    means = {f"{store} / {family}": mean(range(120), 10 * store + len(family)) for store, family in pairs}
    return Kind("45 ids", table("id,day,store_no,family,sold", rows), (4, 120, "D"), SPAN, means)


def flags_of_letters() -> Kind:
    rows = [
        (store, day, wave(row, 50 * store), "a" if row in (40, 41) else 0)
        for store in (1, 2)
        for row, day in enumerate(DAYS)
    ]
    means = {str(store): mean(range(120), 50 * store) for store in (1, 2)}
    said = "holds marks such as 'a'"
    return Kind("45 flags", table("Shop,Day,Turnover,Feast", rows), (2, 120, "D"), SPAN, means, says=said)


def hours_across() -> Kind:
    names = ",".join(f"hh_{number}" for number in range(48))
    rows = [
        (meter, day, *(wave(48 * at + step, level) for step in range(48)))
        for meter, level in (("m1", 5), ("m2", 70))
        for at, day in enumerate(DAYS[:6])
    ]
    means = {"m1": mean(range(288), 5), "m2": mean(range(288), 70)}
    span = ("2021-03-01 00:00", "2021-03-06 23:30")
    return Kind("53", table(f"meter,day,{names}", rows), (2, 288, "30min"), span, means)


def ends_of_hours_in_autumn() -> Kind:
    """The ends of the hours that New York's clocks show, 02:00 of 1 November 2020 twice."""
    walls = [f"2020-10-31 {hour:02d}:00:00" for hour in range(1, 24)] + ["2020-11-01 00:00:00", "2020-11-01 01:00:00"]
    walls += ["2020-11-01 02:00:00"] * 2
    walls += [f"2020-11-01 {hour:02d}:00:00" for hour in range(3, 24)]
    walls += [f"2020-11-{2 + row // 24:02d} {row % 24:02d}:00:00" for row in range(240)]
    means = {"": mean(range(len(walls)))}
    said = "clocks of America/New_York"
    return Kind("47", series("Ending,MW", walls), (1, len(walls), "h"), (walls[0], walls[-1]), means, says=said)


def written_out(text: str) -> str:
    return "\n".join(line.replace(",", "   ", 1) for line in text.splitlines()) + "\n"


DECIMALS = [str(wave(row, 1900)).replace(".", ",") for row in range(120)]
DRESSED = {
    "dollars": ('"$1,{:.2f}"', 1000.0),
    "per cent": ("{:.2f}%", 0.0),
    "M": ("{:.2f}M", None),
    "parentheses": ("({:.2f})", "negative"),
    "trailing minus": ("{:.2f}-", "negative"),
}
MISSING = (".", "..", ":", "-", "--", "***", r"\N", "#DIV/0!", "N/A", "ND")
MONTH_FORMS = {
    "compact": "%Y%m",
    "2016M01": "%YM%m",
    "Jan 16": "%b %y",
    "dotted": "%m.%Y",
    "slash": "%-m/%Y",
    "unpadded": "%Y-%-m",
    "full": "%B %Y",
    "year first": "%Y%b",
}
DAY_FORMS = {"SAS": "%d%b%Y", "short": "%-m/%-d/%y", "words": "%-d %b %Y", "dots": "%-d. %-m. %Y"}
HOUR_FORMS = {
    "1:00PM": "%-m/%-d/%Y %-I:%M%p",
    "12-AM": "%Y-%m-%d %I-%p",
    "SAS": "%d%b%Y:%H:%M:%S",
    "T": "%Y%m%dT%H%M%S",
}

KINDS = (
    Kind(
        "20",
        series("Year,Week,Sold", [f"{y},{w}" for y in (2018, 2019) for w in range(1, 53)]),
        (1, 104, "W-MON"),
        ("2018-01-01", "2019-12-23"),
        {"": mean(range(104))},
        says="weeks are those of ISO 8601",
    ),
    Kind(
        "22",
        series("day,sold", [d[:10] for d in stamps(210, "D", f"{DAY} %w") if d[-1] in "246"]),
        (1, 90, "Tue,Thu,Sat"),
        ("2021-03-02", "2021-09-25"),
        {"": mean(range(90))},
    ),
    Kind("23", half_hours(), (1, 240, "30min"), ("2021-03-01 00:00:00", "2021-03-05 23:30:00"), ALL240),
    Kind("24", dated_hours("day,hr,riders", 0), HOURLY, HOURS, ALL240),
    Kind("25", minute_table(), (1, 288, "15min"), (QUARTERS[0], QUARTERS[-1]), {"": mean(range(288))}),
    Kind("26 HE", dated_hours("Day,HE,MW", 1), HOURLY, ENDS, ALL240, says="ends of hours"),
    Kind("26 24:00", dated_hours("Day,Until,MW", 1, "{:02d}:00"), HOURLY, ENDS, ALL240, says="24:00"),
    Kind(
        "27 months",
        across("Item," + ",".join(months("%b-%y")), ["ax", "bolt"], 2, 60),
        (2, 60, "MS"),
        ("Jan-15", "Dec-19"),
        {"ax": mean(range(60), 30), "bolt": mean(range(60), 60)},
    ),
    Kind(
        "27 days",
        across("Place," + ",".join(stamps(120, "D", "%-m/%-d/%y")), ["Oslo", "Bern"], 2, 120),
        (2, 120, "D"),
        ("3/1/21", "6/28/21"),
        {"Oslo": mean(range(120), 30), "Bern": mean(range(120), 60)},
    ),
    Kind("28", series("day,sold", DAYS) + ",\n" * 4, (1, 120, "D"), SPAN, ALL, says="4 blank lines skipped"),
    Kind(
        "29 total",
        series("day,sold", DAYS) + f"Total,{sum(wave(row) for row in range(120)):.2f}\n",
        (1, 120, "D"),
        SPAN,
        ALL,
        says="1 line below the rows left out: 'Total",
    ),
    Kind(
        "29 source",
        series("day,sold", DAYS) + "\nSource: Office of Numbers\n",
        (1, 120, "D"),
        SPAN,
        ALL,
        says="left out: 'Source",
    ),
    Kind(
        "30",
        "Kind,Close,Close\nPaper,ABC,XYZ\nDay,,\n"
        + table("", [(day, wave(row), wave(row, 5)) for row, day in enumerate(DAYS)])[1:],
        (2, 120, "D"),
        SPAN,
        {"Close ABC": mean(range(120)), "Close XYZ": mean(range(120), 5)},
    ),
    Kind("31", series("At,Flow\n(UTC),m3/s", DAYS), (1, 120, "D"), SPAN, ALL, says="further header line"),
    Kind(
        "32",
        "Owner,A N OTHER\nMeter,00017\n\n" + series("day,kWh", DAYS),
        (1, 120, "D"),
        SPAN,
        ALL,
        says="2 lines above the header left out",
    ),
    Kind(
        "35",
        table("day;sold", [(day, f"1 {text[1:]}") for day, text in zip(DAYS, DECIMALS, strict=True)], ";"),
        (1, 120, "D"),
        SPAN,
        {"": mean(range(120), 1900)},
        "--thousands space --decimal ,",
    ),
    Kind(
        "37 m/d",
        series("day,sold", months("%-m/%-d/%Y")),
        MONTHLY,
        ("1/1/2015", "12/1/2019"),
        ALL60,
        says="%m/%d/%Y, the order in which they follow one another at even steps",
    ),
    Kind(
        "37 d/m",
        series("day,sold", months("%d/%m/%Y")),
        MONTHLY,
        ("01/01/2015", "01/12/2019"),
        ALL60,
        says="%d/%m/%Y, the order in which they follow one another at even steps",
    ),
    Kind(
        "38",
        series("at,sold", stamps(240, "h", f"{DAY} %H:%M:%S UTC")),
        HOURLY,
        (f"{HOURS[0]} UTC", f"{HOURS[1]} UTC"),
        ALL240,
    ),
    Kind(
        "39 German",
        series(
            "Monat,Menge",
            [
                t.replace("May", "Mai").replace("Mar", "Mär").replace("Oct", "Okt").replace("Dec", "Dez")
                for t in months("%b %y")
            ],
        ),
        MONTHLY,
        ("Jan 15", "Dez 19"),
        ALL60,
    ),
    Kind(
        "39 epochs",
        series("timestamp,sold", [f"{1614556800 + 3600 * row}.0" for row in range(240)]),
        HOURLY,
        ("2021-03-01 00:00:00", HOURS[1]),
        ALL240,
        says="seconds since 1970",
    ),
    Kind(
        "39 years",
        series("Year,tons", [f"{year}.0" for year in range(1950, 1980)]),
        (1, 30, "YS-JAN"),
        ("1950.0", "1979.0"),
        {"": mean(range(30))},
        says="read as years",
    ),
    Kind(
        "40",
        series(
            "span,MW",
            [
                f"{a} - {b}"
                for a, b in zip(
                    stamps(240, "h", "%d.%m.%Y %H:%M"),
                    stamps(240, "h", "%d.%m.%Y %H:%M", "2021-03-01 01:00"),
                    strict=True,
                )
            ],
        ),
        HOURLY,
        ("01.03.2021 00:00 - 01.03.2021 01:00", "10.03.2021 23:00 - 11.03.2021 00:00"),
        ALL240,
        says="read by their beginning",
    ),
    Kind(
        "44",
        series("day,nav", stamps(60, "BME", DAY, "2013-01-01")),
        (1, 60, "BME"),
        ("2013-01-31", "2017-12-29"),
        ALL60,
    ),
    Kind(
        "48",
        series("day,sold", DAYS[:60]) + table("day,sold", [(day, wave(row)) for row, day in enumerate(DAYS)][60:]),
        (1, 120, "D"),
        SPAN,
        ALL,
        says="the header stands again",
    ),
    Kind("49", written_out(series("day,sold", DAYS)), (1, 120, "D"), SPAN, ALL, says="runs of blanks"),
    Kind(
        "50 JSON",
        "[" + ",".join(f'{{"day": "{day}", "sold": {wave(row)}}}' for row, day in enumerate(DAYS)) + "]",
        (1, 120, "D"),
        SPAN,
        ALL,
    ),
    stores_and_families(),
    flags_of_letters(),
    ends_of_hours_in_autumn(),
    hours_across(),
    *(
        Kind(
            f"36 {token}",
            table("day,sold", [(day, token if row % 17 == 4 else wave(row)) for row, day in enumerate(DAYS)]),
            (1, 120, "D"),
            SPAN,
            {"": mean(row for row in range(120) if row % 17 != 4)},
        )
        for token in MISSING
    ),
    *(
        Kind(f"39 {name}", series("month,sold", months(form)), MONTHLY, (months(form)[0], months(form)[-1]), ALL60)
        for name, form in MONTH_FORMS.items()
    ),
    *(
        Kind(
            f"39 {name}",
            series("day,sold", stamps(120, "D", form)),
            (1, 120, "D"),
            (stamps(120, "D", form)[0], stamps(120, "D", form)[-1]),
            ALL,
        )
        for name, form in DAY_FORMS.items()
    ),
    *(
        Kind(
            f"39 {name}",
            series("at,sold", stamps(240, "h", form)),
            HOURLY,
            (stamps(240, "h", form)[0], stamps(240, "h", form)[-1]),
            ALL240,
        )
        for name, form in HOUR_FORMS.items()
    ),
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.row)
def test_read(kind: Kind, run: Run) -> None:
    check_read(run, kind)


@pytest.mark.parametrize("dress", DRESSED)
def test_34_dressed_numbers(dress: str, run: Run) -> None:
    pattern, shift = DRESSED[dress]
    rows = [(day, pattern.format(wave(row, 200))) for row, day in enumerate(DAYS)]
    plain = [wave(row, 200) for row in range(120)]
    means = sum(plain) / 120 + (shift if isinstance(shift, float) else 0)
    means = -means if shift == "negative" else means * 1e6 if shift is None else means
    check_read(run, Kind("34", table("day,paid", rows), (1, 120, "D"), SPAN, {"": means}))


def test_50_two_columns_of_one_name(run: Run) -> None:
    refused = describe(run, table("day,sold,sold", [(day, 1, row % 5) for row, day in enumerate(DAYS)]))
    assert refused.exit_code == 65
    assert "columns 2 and 3 have the same name 'sold'; give each column a name of its own" in refused.stderr
