#!/bin/sh
# Follows an organisation's alerts and events, one line each, with mosquitto_sub and jq.
#
#   examples/subscribe.sh [HOST [PORT [ORG]]]        (localhost, 1883, local)
#
# - The broker keeps what arrives while this is away: MQTT 5, a fixed client id, no clean start (-c), a
#   session of a day (-x). For TLS add --cafile, --cert and --key.
# - QoS 1 may deliver twice: jq shows each (node, boot, seq) once, and remembers the last thousand.
# - It reads events, which tell each change once, and no states: what needs to know whether an alert still
#   stands, or that it is expired, is better written as subscribe.py is.
set -eu
host=${1:-localhost} port=${2:-1883} org=${3:-local}

# mosquitto_sub connects again by itself, but ends if it cannot connect at first.
while :; do
  mosquitto_sub -V 5 -h "$host" -p "$port" -i "${CLIENT_ID:-sidetone-subscribe-sh}" -c -x 86400 -q 1 -k 20 \
    -t "sidetone/v1/$org/node/+/event/+" || sleep 1
done | jq -nRr --unbuffered '
  foreach (inputs | fromjson? | objects) as $m ({seen: []};
    [$m.node, $m.boot, $m.seq] as $id
    | .new = (.seen | index([$id]) | not)
    | if .new then .seen = (.seen + [$id])[-1000:] else . end;
    select(.new) | $m
    | if .kind then "\(.node): \(.state) \(.severity) \(.kind): \(.text)" else "\(.node): \(.type)" end)'
