# Plain ALSA, no sound server: aplay and arecord are the softphone, the shipped asound.conf shares the headset
# between them and the daemon, and snd-aloop carries the customer's voice. Must be the guest's only test.
. /t/lib.sh

# Without a sound server the card itself is what plug and unplug wait for.
find_card() {
  for _card in /sys/class/sound/card*; do
    case $(readlink -f "$_card") in */vhci_hcd.*) cat "$_card/id" ;; esac
  done
}
find_source() { [ ! -e "/proc/asound/$(find_card)/pcm0c" ] || find_card; }
find_sink() { [ ! -e "/proc/asound/$(find_card)/pcm0p" ] || find_card; }

# The softphone: it answers with the customer talking, and keeps what the microphone gives.
call_start() {
  mark
  CAUSE=
  rm -f "$LOGS"/arecord.log "$LOGS"/aplay.log "$LOGS"/agent.raw
  arecord -q -D "$1" -t raw -f S16_LE -r 48000 -c 1 "$LOGS/agent.raw" 2>"$LOGS/arecord.log" 8>&- &
  RECORDS=$!
  { for _ in 1 2 3 4; do tail -c +45 $SOUNDS/customer.wav; done; } 2>/dev/null |
    aplay -q -D "$2" -t raw -f S16_LE -r 48000 -c 1 2>"$LOGS/aplay.log" 8>&- &
  PLAYS=$!
}

call_end() {
  mark
  CAUSE=
  kill $RECORDS $PLAYS 2>/dev/null
  wait $RECORDS $PLAYS
}

# pcm CARD NAME: whether that PCM is open.
pcm_open() { ! grep -q closed "/proc/asound/$1/$2/sub0/status"; }
pcm_closed() { ! pcm_open "$@"; }

# in_range KEY LOW HIGH: a number of $MESSAGE, wherever the key first occurs after "$4".
in_range() {
  echo "$MESSAGE" | awk -v key="\"$1\":" -v low="$2" -v high="$3" -v after="$4" '{
    at = index($0, after); rest = substr($0, at)
    at = index(rest, key); value = substr(rest, at + length(key))
    exit !(at && value + 0 >= low && value + 0 <= high) }'
}

insmod /usr/lib/modules/snd-aloop.ko
CONFIG=$LOGS/sidetone.toml
{ cat /t/sidetone.toml; printf '\n[audio]\nbackend = "alsa"\n'; } >"$CONFIG"

headset_start
plug
CARD=$(find_card)
echo "  $(tr -s ' \n' ' ' </proc/asound/cards)"
sed "s/^defaults.sidetone.card .*/defaults.sidetone.card \"$CARD\"/" /t/asound.conf >/etc/asound.conf
headset mic agent.wav loop
sidetone_start
MARK=0
expect_message 5 /event/headset.added
check "nobody listens outside a call" pcm_closed "$CARD" pcm0c

# A call over the shared devices.
call_start default default
expect_message 5 /event/call.started
expect_message 8 /telemetry/audio measured_at=capture far_source=mix
sleep 3
mark
expect_message 5 /telemetry/audio
echo "  $MESSAGE"
cat /proc/asound/$CARD/pcm0c/sub0/status /proc/asound/Loopback/pcm1c/sub0/status
call_end
expect_message 5 /event/call.ended

sidetone_stop
FAILURES=1
finish
