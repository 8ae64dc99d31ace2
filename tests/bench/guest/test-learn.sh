# A headset whose vendor reports no quirk file knows: `sidetone learn` with a script in the person's place,
# then the daemon with the file that was learned.
. /t/lib.sh

LEARNED=$LOGS/learned
mkdir -p "$LEARNED"
headset_start
plug

mkfifo "$LOGS/keys.fifo"
# Fixed names of what becomes of it; no quirk directory, so that nothing of the vendor page is known.
sidetone learn --quiet 2 --out "$LEARNED/learned.toml" --capture "$LOGS/bench.capture" -c /dev/null \
  <"$LOGS/keys.fifo" >"$LOGS/learn.log" 2>&1 8>&- &
LEARN=$!
exec 7>"$LOGS/keys.fifo"

asked() { [ "$(grep -cF "$1" "$LOGS/learn.log")" -ge "$2" ]; }

# do_step NAME DONE UNDONE: two rounds, as it is asked for. Enter comes when the report has been seen to move something.
do_step() {
  for _round in 1 2; do
    _asked=0
    for _command in "$2" "$3"; do
      _asked=$((_asked + 1))
      wait_for 10 asked "[$1 $_round/2]" $_asked || fail "$1 $_round is not asked for"
      _lines=$(grep -c '→' "$LOGS/learn.log")
      echo "$_command" >&8
      wait_for 3 eval "[ \$(grep -c '→' '$LOGS/learn.log') -gt $_lines ]" || fail "$_command moves nothing that is shown"
      sleep 0.3
      echo >&7
    done
  done
}

do_step mute 'mute_state 1' 'mute_state 0'
do_step 'quick disconnect' 'qd 1' 'qd 0'
do_step volume 'volume +' 'volume -'
do_step hook 'hook 1' 'hook 0'
exec 7>&-
check "learn ends well" wait "$LEARN"
said() { check "it says: $1" grep -qF "$1" "$LOGS/learn.log"; }
said 'nothing moves by itself'
said 'report 3 byte 2 bit 0, where byte 1 is 0x51, = qd_open (a state)'
said 'report 3 byte 2 bit 0, where byte 1 is 0x9c, = mute_state (a state)'
said 'the volume keys: told by the standard usage Volume Increment and Decrement'
said 'the hook: told by the standard usage Hook Switch'
check "the recording holds no serial number" [ -z "$(grep -iE 'BENCH-[0-9a-f]{4}-' "$LOGS/bench.capture" "$LEARNED/learned.toml")" ]
expect_nothing_written

# The recording, for devices/tests/captures: lines after "CAPTURE ".
sed 's/^/CAPTURE /' "$LOGS/bench.capture"

# The daemon with nothing but what was learned.
sed "s|/t/quirks|$LEARNED|" /t/sidetone.toml >"$LOGS/sidetone.toml"
CONFIG=$LOGS/sidetone.toml
sidetone_start
MARK=0
expect_message 5 /event/headset.added
call_start
expect_message 3 /event/call.started
headset qd 1
expect_message 2 /event/qd.open provenance=reported
expect_message 2 /alert/qd_open_in_call/call state=raised severity=major notify=alarm provenance=reported
headset qd 0
expect_message 2 /alert/qd_open_in_call/call state=cleared reason=condition
headset mute_state 1
expect_message 2 /event/mute.on provenance=reported
call_end
expect_message 15 /event/call.ended
expect_once qd_open_in_call
expect_nothing_written
sidetone_stop
finish
