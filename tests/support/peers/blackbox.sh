#!/usr/bin/env bash
# blackbox.sh EXPORTER CONFIG PORT REQUESTS COUNT: start the exporter, have it asked by eight requests at a time.
set -euo pipefail
exporter=$1 config=$2 port=$3 requests=$4 count=$5
"$exporter" --config.file="$config" --web.listen-address="127.0.0.1:$port" --log.level=error &
exporter_pid=$!
trap 'kill "$exporter_pid"; wait "$exporter_pid" || true' EXIT
until curl --silent --output /dev/null "http://127.0.0.1:$port/-/healthy"; do sleep 0.02; done
held=$(curl --silent --parallel --parallel-max 8 --config "$requests" | grep --count '^probe_success 1' || true)
[ "$held" = "$count" ] || { echo "blackbox_exporter: $held of $count held"; exit 1; }
