# The bench itself: what every other test stands on. Needs no sidetone.
. /t/lib.sh

headset_start
plug
echo "  $(cat /proc/asound/cards | tr -s ' \n' ' ')"

# Enumeration: one USB device is the parent of both the HID interface and the sound card.
hid=$(readlink -f "/sys/class/hidraw/${HIDRAW##*/}")
card=$(readlink -f /sys/class/sound/card0)
usb=${hid%%/[0-9]-1:*}
check "HID interface and sound card share the USB device ${usb##*/}" [ "${card#"$usb"/}" != "$card" ]
check "the USB device is $HEADSET" [ "$(cat "$usb/idVendor"):$(cat "$usb/idProduct")" = "$HEADSET" ]
case $HEADSET in
  047f:*) driver=plantronics ;;
  0b0e:*) driver=jabra ;;
  *) driver="hid-generic" ;;
esac
check "the kernel's $driver drives it" \
  [ "$(basename "$(readlink "/sys/class/hidraw/${HIDRAW##*/}/device/driver")")" = $driver ]
check "udev knows the device node" [ -e "/run/udev/data/c$(cat "/sys/class/hidraw/${HIDRAW##*/}/dev")" ]

# Reports arrive at a reader as they were sent.
sidetone-bench reports "$HIDRAW" >"$LOGS/reports.log" 2>&1 &
sleep 0.2
headset hook 1
headset mute
headset mute
headset volume +
headset qd 1
headset qd 0
headset hook 0
wait_for 2 eval "[ \$(wc -l <$LOGS/reports.log) -ge 10 ]"
seen=$(cut -d' ' -f2-4 "$LOGS/reports.log" | tr '\n' ',')
check "ten reports in order: $seen" \
  [ "$seen" = "02 01,02 03,02 01,02 03,02 01,01 01,01 00,03 51 01,03 51 00,02 00," ]
awk 'NR == FNR { if (/REPORT SENT/) sent[++n] = $1; next } { printf "%s%d", (FNR > 1 ? ", " : "  report sent → read, µs: "), ($1 - sent[FNR]) * 1e6 } END { print "" }' \
  "$LOGS/headset.log" "$LOGS/reports.log"

# A call: the agent speaks, then only the far end's leak is in the microphone.
call_start "$LOGS/agent.raw"
headset mic agent.wav loop
sleep 4
check "only the softphone captures" listeners 1
call_end
sidetone-bench levels "$LOGS/agent.raw" $SOUNDS/agent.wav | tee "$LOGS/agent.levels" | sed 's/^/  /'
check "the agent's recorded speech is captured unchanged and without gaps" \
  awk '/found/ { split($3, g, "="); split($4, c, "=") } /length/ { split($3, z, "=") }
    END { exit !(c[2] > 0.99 && g[2] > -0.5 && g[2] < 0.5 && z[2] < 100) }' "$LOGS/agent.levels"

headset mic silence
headset leak -20 40
call_start "$LOGS/leak.raw"
customer play customer.wav
sleep 4
call_end
sidetone-bench levels "$LOGS/leak.raw" $SOUNDS/customer.wav | tee "$LOGS/leak.levels" | sed 's/^/  /'
check "the far end leaks into the microphone 20 dB down" \
  awk '/found/ { split($3, g, "="); split($4, c, "=") }
    END { exit !(c[2] > 0.9 && g[2] > -21.5 && g[2] < -18.5) }' "$LOGS/leak.levels"
for side in speaker microphone; do
  starved=$(statistic ${side}_starved)
  check "the kernel kept the $side stream fed (ran dry $starved times)" [ "$starved" -le 2 ]
done

# Unplug in a call, and replug.
call_start
sleep 0.5
unplug
call_end
check "after an unplug in the call nobody captures" listeners 0
check "the server lives" pactl info >/dev/null
before=$(uptime_s)
plug
pass "replugged, back in the sound server after $(seconds_since "$before") s"
card_off
check "the sound card can leave while the HID interface stays" [ "$(find_hidraw)" = "$HIDRAW" ]
card_on
expect_nothing_written

# The broker and a subscriber.
mosquitto_sub -h 127.0.0.1 -V 5 -t 'sidetone/#' -F '%U %r %t %p' >"$MESSAGES" 2>&1 &
sleep 0.2
CAUSE=
mosquitto_pub -h 127.0.0.1 -V 5 -q 1 -t sidetone/v1/bench/node/desk-1/status -m '{"state":"ready","boot":7}'
expect_message 2 /status state=ready boot=7
expect_none 0.1 /status state=lost

finish
