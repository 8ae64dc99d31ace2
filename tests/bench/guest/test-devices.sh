# The crate sidetone-devices in the guest, without the rest of the daemon: what it hears of reports, cards
# and applications, and what it captures.
. /t/lib.sh

SEEN=$LOGS/watch.log
FROM=1

# expect_line SECONDS PATTERN: such a line comes, since the last thing that was done.
expect_line() {
  if wait_for "$1" eval "tail -n +$FROM '$SEEN' | grep -qE '$2'"; then
    pass "$(tail -n "+$FROM" "$SEEN" | grep -E "$2" | head -n 1 | cut -d' ' -f2-)"
  else
    fail "no '$2' within $1 s"
  fi
}

now_do() { FROM=$(($(wc -l <"$SEEN") + 1)); "$@"; }

sidetone-bench watch /t/quirks >"$SEEN" 2>&1 &
wait_for 5 grep -q ServerUp "$SEEN"
headset_start
now_do plug
expect_line 5 "ADDED $HEADSET .* quirk Some"
expect_line 5 'CARD .*usb1/1-1 '

now_do headset hook 1
expect_line 1 'CONTROL HookSwitch\(true\)'
now_do headset mute
expect_line 1 'CONTROL MutePressed'
now_do headset mute
expect_line 1 'CONTROL MutePressed'
now_do headset volume -
expect_line 1 'CONTROL Volume\(-1\)'
now_do headset busy 1
expect_line 1 'CONTROL LineBusy\(true\)'
now_do headset flash
expect_line 1 'CONTROL Flash'
now_do headset qd 1
expect_line 1 'QuickDisconnect . open: true, verified: true'
now_do headset qd 0
expect_line 1 'QuickDisconnect . open: false'
now_do headset mute_state 1
expect_line 1 'MuteState . muted: true'
headset mute_state 0
check "nothing is open without a call" eval "! grep -q OPENED '$SEEN'"

headset mic silence
now_do call_start
expect_line 3 'APPLICATIONS .* Bench Softphone OnHeadset'
expect_line 3 'OPENED Agent .* 48000 Hz 1 channels'
expect_line 3 'OPENED Customer'
expect_line 3 'LEVEL Agent -(7[5-9]|8[0-2])'
expect_line 3 'LEVEL Customer -100'
headset mic agent.wav loop
now_do sleep 1
expect_line 3 'LEVEL Agent -(1[5-9]|2[0-9])'
customer play customer.wav loop
now_do sleep 1
expect_line 3 'LEVEL Customer -(1[5-9]|2[0-9])'
expect_line 3 'LEVEL Customer .* lost 0'
now_do pactl set-sink-volume "$SINK" 25%
sleep 1
expect_line 3 'LEVEL Customer -(1[5-9]|2[0-9])'
now_do pactl set-source-mute "$SOURCE" 1
expect_line 3 'Mixer .*microphone_muted: true'
expect_line 3 'LEVEL Agent -100'
now_do pactl set-source-mute "$SOURCE" 0
expect_line 3 'Mixer .*microphone_muted: false'
now_do call_end
expect_line 3 'APPLICATIONS .* nobody'
expect_line 3 'Closed .* side: Agent, reason: Asked'
check "nobody listens after the call" wait_for 2 listeners 0

# Unplug in a call: the streams end, and nothing of the laptop is heard.
call_start
customer play customer.wav loop
expect_line 3 'LEVEL Customer'
now_do unplug
expect_line 3 'REMOVED'
expect_line 3 'NO CARD'
expect_line 3 'Closed .* side: Agent, reason: SourceGone'
sleep 1
check "not one sample of another device" eval "! tail -n +$FROM '$SEEN' | grep -q 'OPENED'"
call_end
now_do plug
expect_line 5 'ADDED'
expect_line 5 'CARD .*usb1/1-1 '
now_do call_start
expect_line 3 'OPENED Agent'
call_end
expect_nothing_written
finish
