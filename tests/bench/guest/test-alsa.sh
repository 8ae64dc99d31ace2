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

# The softphone: two seconds later the customer talks. What the microphone gives is kept.
call_start() {
  mark
  CAUSE=
  rm -f "$LOGS"/arecord.log "$LOGS"/aplay.log "$LOGS"/agent.raw
  arecord -q -D "$1" -t raw -f S16_LE -r 48000 -c 1 "$LOGS/agent.raw" 2>"$LOGS/arecord.log" 8>&- &
  RECORDS=$!
  { head -c 192000 /dev/zero; tail -c +45 $SOUNDS/customer.wav; tail -c +45 $SOUNDS/customer.wav; } 2>/dev/null |
    aplay -q -D "$2" -t raw -f S16_LE -r 48000 -c 1 2>"$LOGS/aplay.log" 8>&- &
  PLAYS=$!
}

call_end() {
  mark
  CAUSE=
  kill $RECORDS $PLAYS 2>/dev/null
  wait $RECORDS $PLAYS
}

# Whether any program has the headset's microphone or the copy of the customer open.
nobody_listens() {
  for _pcm in "$CARD/pcm0c" Loopback/pcm1c; do
    grep -q closed "/proc/asound/$_pcm/sub0/status" || return 1
  done
}

# telemetry_of KEY: that number of $MESSAGE.
telemetry_of() { echo "$MESSAGE" | sed -n "s/.*\"$1\":\([-0-9.]*\).*/\1/p"; }

# hold_up TIMES: stops the daemon for 25 ms again and again, as a busy machine does.
hold_up() {
  for _ in $(seq "$1"); do
    kill -STOP "$SIDETONE"
    usleep 25000
    kill -CONT "$SIDETONE"
    usleep 83000
  done
}

# Whether LOW <= VALUE <= HIGH.
between() { awk -v low="$1" -v value="$2" -v high="$3" 'BEGIN { exit !(value != "" && value + 0 >= low && value + 0 <= high) }'; }

# same_sound RAW REFERENCE LOW HIGH: whether the recording is the reference with a gain from LOW to HIGH dB.
same_sound() {
  sidetone-bench levels "$1" "$SOUNDS/$2" | tee "$LOGS/levels" | sed 's/^/  /'
  awk -v low="$3" -v high="$4" '/found/ { split($3, g, "="); split($4, c, "=") }
    END { exit !(c[2] > 0.9 && g[2] > low && g[2] < high) }' "$LOGS/levels"
}

CONFIG=$LOGS/sidetone.toml
{ cat /t/sidetone.toml; printf '\n[audio]\nbackend = "alsa"\n'; } >"$CONFIG"

# As at boot: the loopback first, with the clock of a headset that comes later.
CARD=$(echo "${HEADSET#*:}" | tr a-f A-F)
insmod /usr/lib/modules/snd-aloop.ko timer_source="$CARD.0.0"
headset_start
plug
check "the headset is the card $CARD" [ "$(find_card)" = "$CARD" ]
echo "  $(tr -s ' \n' ' ' </proc/asound/cards)"
sed "s/^defaults.sidetone.card .*/defaults.sidetone.card \"$CARD\"/" /t/asound.conf >/etc/asound.conf
sidetone_start
MARK=0
expect_message 5 /event/headset.added
check "nobody listens outside a call" nobody_listens

# Only the customer talks; the headset's speaker is heard in its microphone, 20 dB down.
headset mic silence, leak -20 40
call_start default default
expect_message 5 /event/call.started
check "the headset clocks the loopback" grep -q 'sound timer' "/proc/asound/Loopback/cable#0"
arecord -q -D "plug:'dsnoop:CARD=Loopback,DEV=1'" -d 5 -t raw -f S16_LE -r 48000 -c 1 "$LOGS/customer.raw" 8>&-
mark
expect_message 5 /telemetry/audio measured_at=capture far_source=mix lost_samples=0
customer=$(telemetry_of customer_active_speech_level_dbov)
check "the customer's level is right ($customer dBov)" between -26 "$customer" -23
agent=$(telemetry_of agent_level_dbov)
check "in the agent's microphone is only the leak ($agent dBov)" between -65 "$agent" -35
call_end
check "two seconds after the call nobody listens" wait_for 2 nobody_listens
expect_message 4 /event/call.ended agent_dropouts=0 customer_dropouts=0
check "what is played reaches the loopback unchanged" same_sound "$LOGS/customer.raw" customer.wav -0.5 0.5
check "what is played reaches the headset" same_sound "$LOGS/agent.raw" customer.wav -21.5 -18.5
starved=$(statistic speaker_starved)
check "the kernel kept the speaker fed (ran dry $starved times)" [ "$starved" -le 2 ]

# Both talk, and mains hum begins.
headset leak off
call_start default default
expect_message 5 /event/call.started
sleep 2 # so that the noise figures begin with a pause
headset mic agent.wav loop, hum 50 -45
expect_message 10 /event/overtalk.started
mark
expect_message 8 /telemetry/audio lost_samples=0
agent=$(telemetry_of agent_active_speech_level_dbov)
check "the agent's level is right ($agent dBov)" between -30 "$agent" -20
hold_up 40
expect_message 40 /alert/line_noise/agent state=raised fault=hum

# The plug is pulled in the call.
unplug
expect_message 6 '/alert/headset_gone/headset-[-0-9a-f]*' state=raised severity=major
call_end
headset hum off
plug
expect_message 6 '/alert/headset_gone/headset-[-0-9a-f]*' state=cleared
check "nobody listens before the next call" nobody_listens
call_start default default
expect_message 15 /telemetry/audio far_source=mix lost_samples=0
call_end
check "two seconds after the call nobody listens" wait_for 2 nobody_listens
expect_message 15 /event/call.ended agent_dropouts=0 customer_dropouts=0

# Without the shared devices the softphone has the headset for itself.
rm /etc/asound.conf
call_start "plughw:CARD=$CARD" "plughw:CARD=$CARD"
expect_message 5 /event/call.started
expect_message 5 /status state=degraded reason=audio_busy
check "the log names who holds it" grep -q 'arecord holds .* /etc/asound.conf' "$LOGS/sidetone.log"
headset volume +
expect_message 2 /event/volume.changed step=1
expect_none 1 /telemetry/audio
call_end
expect_message 4 /event/call.ended

expect_once headset_gone
expect_once line_noise fault=hum
expect_no_alert_but double_talk line_noise headset_gone
check "no warning of a drifting loopback" eval "! grep timer_source '$LOGS/sidetone.log'"
expect_nothing_written
sidetone_stop
finish
