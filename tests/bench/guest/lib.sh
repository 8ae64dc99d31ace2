# What the tests are written with. Sourced, not run.
#
# Times printed as "A → B: N ms" are guest times: they count instructions, and tell how much work lies
# between two things, not how long a workstation would take.

SOUNDS=/sounds
MESSAGES=$LOGS/messages.log
MARK=0
FAILURES=0

# --- time -----------------------------------------------------------------------------------------------

uptime_s() { cut -d' ' -f1 /proc/uptime; }

seconds_since() { awk -v a="$1" '{ printf "%.1f", $1 - a }' /proc/uptime; }

# wait_for SECONDS COMMAND..: until the command succeeds; fails after SECONDS.
wait_for() {
  _until=$(awk -v s="$1" '{ print $1 + s }' /proc/uptime)
  shift
  until "$@" >/dev/null 2>&1; do
    awk -v until="$_until" '{ exit !($1 < until) }' /proc/uptime || return 1
    sleep 0.1
  done
}

# --- verdicts -------------------------------------------------------------------------------------------

pass() { echo "  ok    $*"; }

fail() {
  FAILURES=$((FAILURES + 1))
  echo "  FAIL  $*"
}

# check WHAT COMMAND..: the command must succeed.
check() {
  _what=$1
  shift
  if "$@"; then pass "$_what"; else fail "$_what"; fi
}

# At the end of every test.
finish() {
  [ "$FAILURES" = 0 ]
  exit
}

# --- the headset ----------------------------------------------------------------------------------------

# Starts the emulated headset $HEADSET, unplugged.
headset_start() {
  mkfifo "$LOGS/headset.fifo"
  sidetone-bench headset "$HEADSET" $SOUNDS <"$LOGS/headset.fifo" >"$LOGS/headset.log" 2>&1 &
  exec 8>"$LOGS/headset.fifo"
  wait_for 10 grep -q READY "$LOGS/headset.log" || fail "the emulated headset does not start"
}

# headset COMMAND..[, COMMAND..]: moves it (tests/bench/src/command.rs). Messages are looked for from here on.
headset() {
  mark
  CAUSE="$LOGS/headset.log $(($(wc -l <"$LOGS/headset.log") + 1))"
  echo "$*" | tr ',' '\n' >&8
}

find_hidraw() {
  for _node in /sys/class/hidraw/hidraw*; do
    case $(readlink -f "$_node") in */vhci_hcd.*) echo "/dev/${_node##*/}" ;; esac
  done
}

find_source() { pactl list short sources | awk '$2 ~ /^alsa_input.usb-/ { print $2; exit }'; }
find_sink() { pactl list short sinks | awk '$2 ~ /^alsa_output.usb-/ { print $2; exit }'; }

_is_ready() { [ -n "$(find_hidraw)" ] && [ -n "$(find_source)" ] && [ -n "$(find_sink)" ]; }
_is_gone() { [ -z "$(find_hidraw)" ] && [ -z "$(find_source)" ] && [ -z "$(find_sink)" ]; }

# Plugs it in and waits until kernel and sound server have it. Sets HIDRAW, SOURCE, SINK.
plug() {
  headset plug
  wait_for 10 _is_ready || fail "the headset does not appear (hidraw '$(find_hidraw)', source '$(find_source)')"
  HIDRAW=$(find_hidraw) SOURCE=$(find_source) SINK=$(find_sink)
}

unplug() {
  headset unplug
  wait_for 5 _is_gone || fail "the headset does not go"
}

# card_off, card_on: the sound card leaves and comes back while the HID interface stays, as with headsets whose
# quick disconnect cuts off the sound part. Done by taking the kernel's driver away from it.
card_off() {
  mark
  CAUSE=
  AUDIO_INTERFACE=$(basename "$(readlink -f /sys/class/sound/card0/device)")
  # The streaming interfaces too, or binding finds them taken.
  for _interface in "${AUDIO_INTERFACE%.0}".0 "${AUDIO_INTERFACE%.0}".1 "${AUDIO_INTERFACE%.0}".2; do
    echo "$_interface" >/sys/bus/usb/drivers/snd-usb-audio/unbind
  done
  wait_for 3 eval '[ -z "$(find_source)" ]' || fail "the sound card does not go"
}

card_on() {
  mark
  CAUSE=
  echo "$AUDIO_INTERFACE" >/sys/bus/usb/drivers/snd-usb-audio/bind
  wait_for 5 _is_ready || fail "the sound card does not come back"
}

# What Sidetone must never do: checks that nobody wrote a report to the headset in the whole test.
expect_nothing_written() {
  _written=$(grep 'REPORT WRITTEN' "$LOGS/headset.log")
  check "no output report was written to the headset $_written" [ -z "$_written" ]
}

# statistic NAME: one number of the headset's own counters since it was plugged in.
statistic() {
  _seen=$(grep -c STATS "$LOGS/headset.log")
  echo stats >&8
  wait_for 2 eval "[ \$(grep -c STATS '$LOGS/headset.log') -gt $_seen ]"
  grep STATS "$LOGS/headset.log" | tail -n 1 | tr ' ' '\n' | sed -n "s/^$1=//p"
}

# --- the call -------------------------------------------------------------------------------------------

# call_start [CAPTURE]: a softphone takes the headset. What its microphone gives goes to CAPTURE.
call_start() {
  mark
  rm -f "$LOGS/softphone.fifo" "$LOGS/softphone.log"
  mkfifo "$LOGS/softphone.fifo"
  CAUSE="$LOGS/softphone.log 1"
  sidetone-bench softphone "$SOURCE" "$SINK" $SOUNDS ${1:+"$1"} \
    <"$LOGS/softphone.fifo" >"$LOGS/softphone.log" 2>&1 8>&- &
  SOFTPHONE=$!
  exec 9>"$LOGS/softphone.fifo"
  wait_for 10 grep -q CALL "$LOGS/softphone.log" || fail "the softphone does not start"
}

# customer play NAME.wav [loop] | customer stop: what the far end says.
customer() {
  mark
  CAUSE="$LOGS/softphone.log $(($(wc -l <"$LOGS/softphone.log") + 1))"
  echo "$*" >&9
}

call_end() {
  mark
  CAUSE="$LOGS/softphone.log $(($(wc -l <"$LOGS/softphone.log") + 1))"
  echo quit >&9
  exec 9>&-
  wait "$SOFTPHONE" || fail "the softphone ended badly: $(tail -n 1 "$LOGS/softphone.log")"
}

# --- the program under test -----------------------------------------------------------------------------

# Subscribes as an integrator would, and starts the daemon with the configuration $CONFIG.
sidetone_start() {
  mosquitto_sub -h 127.0.0.1 -V 5 -t 'sidetone/#' -F '%U %r %t %p' >"$MESSAGES" 2>"$LOGS/subscriber.log" &
  sleep 0.2
  CAUSE=
  mark
  sidetone run -c "${CONFIG:-/t/sidetone.toml}" >"$LOGS/sidetone.log" 2>&1 8>&- &
  SIDETONE=$!
  expect_message 10 /status state=ready
  [ "$FAILURES" = 0 ] || finish
}

# Ends it as systemd would.
sidetone_stop() {
  CAUSE=
  mark
  kill -TERM "$SIDETONE"
  wait "$SIDETONE" || fail "sidetone ended with status $?"
  expect_message 2 /status state=stopped
}

# Messages are looked for from here on.
mark() { [ ! -e "$MESSAGES" ] || MARK=$(wc -l <"$MESSAGES"); }

# _messages FROM TOPIC [KEY=VALUE..]: the messages after line FROM whose topic ends in TOPIC (a regular
# expression) and whose payload has all these members.
_messages() {
  _from=$1 _topic=$2
  shift 2
  awk -v from="$_from" -v topic="$_topic" -v wanted="$*" '
    BEGIN { n = split(wanted, want, " ") }
    NR > from && $3 ~ topic "$" {
      payload = $0
      sub(/^[^{]*/, "", payload)
      for (i = 1; i <= n; i++) {
        at = index(want[i], "=")
        key = "\"" substr(want[i], 1, at - 1) "\":"
        value = substr(want[i], at + 1)
        if (!index(payload, key "\"" value "\"") && !index(payload, key value ",") &&
            !index(payload, key value "}")) next
      }
      print
    }' "$MESSAGES"
}

_has_message() { [ -n "$(_messages "$@")" ]; }

# When the last cause happened: the report as the kernel took it, or the command.
_cause_time() {
  [ -n "$CAUSE" ] || return 0
  # shellcheck disable=SC2086 # two words: the file and the line
  set -- $CAUSE
  tail -n "+$2" "$1" | awk '/REPORT SENT/ { print $1; found = 1; exit } !t { t = $1 } END { if (!found) print t }'
}

# expect_message SECONDS TOPIC [KEY=VALUE..]: such a message comes, since the last thing that was done.
# Prints how long it took, keeps the message in MESSAGE.
expect_message() {
  _limit=$1
  shift
  if wait_for "$_limit" _has_message "$MARK" "$@"; then
    MESSAGE=$(_messages "$MARK" "$@" | head -n 1)
    pass "$* $(echo "$MESSAGE" | awk -v c="$(_cause_time)" 'c { printf "(cause → message: %.1f ms)", ($1 - c) * 1000 }')"
  else
    MESSAGE=
    fail "$*: no such message within $_limit s"
  fi
}

# expect_none SECONDS TOPIC [KEY=VALUE..]: no such message comes in that time.
expect_none() {
  sleep "$1"
  shift
  _found=$(_messages "$MARK" "$@")
  if [ -z "$_found" ]; then pass "no $*"; else fail "no $*, but: $_found"; fi
}

# count_messages TOPIC [KEY=VALUE..]: in the whole test so far.
count_messages() { _messages 0 "$@" | wc -l; }

# expect_once KIND [KEY=VALUE..]: over the whole test this alert was raised once and cleared once.
expect_once() {
  _kind=$1
  shift
  _raised=$(count_messages /event/alert.raised "kind=$_kind" "$@")
  _cleared=$(count_messages /event/alert.cleared "kind=$_kind" "$@")
  check "$_kind $* raised once and cleared once (raised $_raised, cleared $_cleared)" \
    [ "$_raised $_cleared" = "1 1" ]
}

# expect_no_alert_but [KIND..]: over the whole test no other kind of alert was raised.
expect_no_alert_but() {
  _others=$(_messages 0 /event/alert.raised | sed 's/.*"kind":"\([a-z_]*\)".*/\1/' | sort -u | while read -r _kind; do
    case " $* " in *" $_kind "*) ;; *) echo "$_kind" ;; esac
  done)
  check "no alert of another kind $_others" [ -z "$_others" ]
}

# listeners NUMBER: so many programs' streams capture something.
listeners() { [ "$(pactl list short source-outputs | wc -l)" = "$1" ]; }
