#!/usr/bin/env bash
# One model for many series: monthly retail turnover of 56 Australian industries, then newer rows of two of them.
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
data="$here/../datasets/aus-retail-monthly.csv"
out="${1:-many-series}"
mkdir -p "$out"

tsforecast fit "$data" --horizon 12 --store "$out/models" --name retail ${DEMO_FIT_OPTIONS:-}

# Without data, predict continues every series that the model was fitted on.
tsforecast predict --store "$out/models" --name retail --output "$out/all.csv"

# With data, it continues the rows given: here the same table with its last two years cut off.
python3 - "$data" "$out/older.csv" <<'PY'
import csv, sys
with open(sys.argv[1], newline="") as source, open(sys.argv[2], "w", newline="") as target:
    rows = csv.reader(source)
    writer = csv.writer(target)
    header = next(rows)
    writer.writerow(header)
    time = [i for i, name in enumerate(header) if name.lower() in ("month", "date", "time")][0]
    writer.writerows(row for row in rows if row[time] < "2017")
PY
tsforecast predict "$out/older.csv" --store "$out/models" --name retail --horizon 24 --level 90 --output "$out/two-years.csv"

tsforecast models list --store "$out/models"
