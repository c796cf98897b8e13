#!/usr/bin/env bash
# Fit and forecast real data: half-hourly electricity demand of Victoria. Everything lands in the folder demo/.
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
data="$here/../datasets/vic-elec-half-hourly.csv"
out="${1:-demo}"
mkdir -p "$out"

echo "1. Look at the data"
tsforecast describe "$data"

echo
echo "2. Train a model; it is scored on rows that it has not seen, beside the simple models"
tsforecast fit "$data" --tz Australia/Melbourne --store "$out/models" --report "$out/report" ${DEMO_FIT_OPTIONS:-}

echo
echo "3. Forecast the next day, with intervals and a plot"
tsforecast predict --store "$out/models" --output "$out/forecast.csv" --plot "$out/forecast.png"
head -5 "$out/forecast.csv"

echo
echo "Look at $out/forecast.png, $out/forecast.csv and $out/report/report.md"
