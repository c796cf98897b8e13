#!/usr/bin/env bash
# Retraining under real cron, every minute instead of every night, on a table that grows by a day each time.
# Needs root and Debian's cron; what it adds to /etc/cron.d it takes away again. Everything else lands in cron-demo/.
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
data="$here/../../datasets/vic-elec-half-hourly.csv"
out="$(mkdir -p "${1:-cron-demo}" && cd "${1:-cron-demo}" && pwd)"
runs="${RUNS:-3}"
table="/etc/cron.d/tsforecast-demo"

grow() { # The table's first $1 days. It is replaced as a whole: cron may start a run at any moment.
    head -n "$((1 + 48 * $1))" "$data" > "$out/sales.part"
    mv "$out/sales.part" "$out/sales.csv"
}

stop() {
    rm -f "$table"
    if [ -n "${cron:-}" ]; then kill "$cron" 2> /dev/null && wait "$cron" || true; fi
}
trap stop EXIT

cp "$here/shop.toml" "$out/"
grow 60
line="$(tsforecast schedule "$out/shop.toml" --quiet)"
echo "The line that \`tsforecast schedule\` prints:"
echo "$line"

# In /etc/cron.d a line names its user, and cron knows none of the variables of this shell.
{
    echo 'MAILTO=""'
    if [ -n "${PYTHONPATH:-}" ]; then echo "PYTHONPATH=$PYTHONPATH"; fi
    echo "* * * * * root $(echo "$line" | cut -d ' ' -f 6-)"
} > "$table"
chmod 644 "$table"
PATH="$PATH:/usr/sbin" cron -f 2> /dev/null & # ends at once where cron is running already
cron=$!

runs_so_far() { # Not those that found the one before still at work.
    cat "$out/runs.jsonl" 2> /dev/null | grep -vc '"exit": 75' || true
}

for run in $(seq "$runs"); do
    for _ in $(seq 180); do
        [ "$(runs_so_far)" -lt "$run" ] || break
        sleep 1
    done
    echo
    echo "Run $run:"
    tail -n "+$run" "$out/runs.jsonl" | head -n 1
    grow "$((60 + run))"
done

echo
tsforecast status --store "$out/models" --max-age 5m
