# The Debian package on a station without a sound server: sidetone-alsa.service with all its restrictions reads
# the headset, follows unplug and replug, hears a call through the shared devices, and is watched by systemd.
. /t/lib-systemd.sh

unit=sidetone-alsa.service
headset_start
plug
check "before the package nobody but root can read the headset" cannot_read daemon "$HIDRAW"
install_package
check "the headset belongs to the group sidetone ($(stat -c '%U:%G %a' "$HIDRAW"))" \
  [ "$(stat -c '%U:%G %a' "$HIDRAW")" = "root:sidetone 660" ]
check "the user sidetone can read it" can_read sidetone "$HIDRAW"
check "another user cannot" cannot_read daemon "$HIDRAW"
check "the system unit is not started unasked" [ "$(property $unit ActiveState)" = inactive ]

# The shared devices of the package's example.
CARD=$(find_card)
sed "s/^defaults.sidetone.card .*/defaults.sidetone.card \"$CARD\"/" \
  /usr/share/doc/sidetone/examples/asound.conf >/etc/asound.conf
modprobe snd-aloop timer_source="$CARD.0.0"

subscribe
began=$(uptime_s)
systemctl enable -q --now $unit || fail "it does not start"
pass "started and ready after $(seconds_since "$began") s"
expect_property $unit ActiveState active
expect_property $unit NotifyAccess main
expect_property $unit WatchdogUSec 30s
pid=$(property $unit MainPID)
check "it runs as sidetone, without capabilities" \
  [ "$(stat -c %U /proc/"$pid") $(awk '/^CapEff/ { print $2 }' /proc/"$pid"/status)" = "sidetone 0000000000000000" ]
check "it may lock 8 MiB" grep -q 'Max locked memory *8388608 *8388608' /proc/"$pid"/limits
# `auto` waits ten seconds for a sound server before it takes plain ALSA: starting, not degraded.
expect_message 3 /status state=starting
expect_message 25 /status state=ready
check "without trouble on the way there" eval '! _has_message "$MARK" /status state=degraded'
[ "$FAILURES" = 0 ] || finish
expect_message 5 /event/headset.added
headset hook 1
expect_message 3 /event/hook.off
headset hook 0
expect_message 3 /event/hook.on
# The hook's call is over before the headset is pulled: its end is not what the pull is to show.
expect_message 3 /event/call.ended

# Its way to udev's messages is open.
unplug
expect_message 5 /event/headset.removed
plug
expect_message 8 /event/headset.added
headset volume +
expect_message 3 /event/volume.changed

# A call of a softphone of another user, who shares the microphone with it.
adduser --quiet --system --ingroup audio softphone 2>/dev/null || useradd -r -g audio softphone
mark
call=$MARK
# In the background only: it becomes the program, so that it can be ended by its number.
as_softphone() { exec setpriv --reuid softphone --regid audio --init-groups "$@"; }
headset mic agent.wav loop
as_softphone arecord -q -D default -t raw -f S16_LE -r 48000 -c 1 /dev/null 2>"$LOGS/arecord.log" 8>&- &
records=$!
tail -c +45 $SOUNDS/customer.wav >/tmp/customer.raw
as_softphone aplay -q -D default -t raw -f S16_LE -r 48000 -c 1 /tmp/customer.raw 2>"$LOGS/aplay.log" 8>&- &
plays=$!
expect_message 5 /event/call.started
expect_message 8 /telemetry/audio measured_at=capture far_source=mix
echo "  $(echo "$MESSAGE" | grep -o '"[a-z]*_active_speech_level_dbov":[-0-9.]*' | tr '\n' ' ')"
check "the agent's voice is heard" \
  eval "echo '$MESSAGE' | grep -q '\"agent_active_speech_level_dbov\":-[12][0-9]'"
kill $records $plays 2>/dev/null
mark
expect_message 5 /event/call.ended
status=$(_messages "$call" /status state=degraded)
check "no trouble was told $status" [ -z "$status" ]

# systemd restarts it on request, and when it hangs.
mark
systemctl restart $unit
expect_message 5 /status state=stopped
expect_message 25 /status state=ready
expect_message 5 /event/headset.added
sleep 45
expect_property $unit NRestarts 0
mark
kill -STOP "$(property $unit MainPID)"
expect_message 80 /status state=ready
expect_property $unit NRestarts 1

mark
systemctl stop $unit
expect_message 5 /status state=stopped
expect_property $unit ActiveState inactive
expect_property $unit Result success
check "its state is kept, its runtime directory is gone" [ -e /var/lib/sidetone -a ! -e /run/sidetone ]
echo "  $(stat -c '%U:%G %a %n' /var/lib/sidetone)"
expect_nothing_written
finish
