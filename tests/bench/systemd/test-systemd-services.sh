# The two services under systemd and logind, set up as docs/services.md tells an administrator: a call, either half
# killed in it, logout and login.
. /t/lib-systemd.sh

uplink=sidetone-uplink.service
station=sidetone-station.service
started=/event/call.started ended=/event/call.ended

restarted() { [ "$(property $uplink NRestarts)" = 1 ] && [ "$(property $uplink ActiveState)" = active ]; }
station_restarted() { [ "$(user_property $station NRestarts)" = 1 ]; }
# distinct TOPIC: how many messages of this topic there were, however often each was sent.
distinct() { _messages 0 "$1" | sed 's/.*"boot":\([0-9]*\).*"seq":\([0-9]*\).*/\1 \2/' | sort -u | wc -l; }

add_agent
install_package
printf '0123456789abcdef0123456789abcdef\n' >/etc/sidetone/agent.key
chown sidetone: /etc/sidetone/agent.key
chmod 600 /etc/sidetone/agent.key
# The emulated headset's rules: the real ones are not public.
cp /t/quirks/*.toml /etc/sidetone/quirks/
printf '[devices]\nquirks_dir = "/etc/sidetone/quirks"\n' >/etc/sidetone/quirks.toml
headset_start
plug
log_in

# To the letter of the document.
subscribe
grep '^sudo systemctl' /t/services.md | sed 's/^sudo //' >/tmp/administrator
grep -o '`systemctl --user [^`]*`' /t/services.md | tr -d '`' >/tmp/agent
check "the document says what to do" [ "$(cat /tmp/administrator /tmp/agent | wc -l)" = 4 ]
check "the administrator's commands" sh -e /tmp/administrator 2>/dev/null
check "the agent's" agent sh -e /tmp/agent
expect_message 5 /status state=ready
expect_message 25 /event/headset.added
[ "$FAILURES" = 0 ] || finish
echo "  $(loginctl --no-legend list-sessions | tr -s ' ' | tr '\n' ';')"
pid=$(property $uplink MainPID)
check "the uplink runs as sidetone, without capabilities" \
  [ "$(stat -c %U /proc/"$pid") $(awk '/^CapEff/ { print $2 }' /proc/"$pid"/status)" = "sidetone 0000000000000000" ]
check "the uplink has no headset" [ ! -e "/proc/$pid/root$HIDRAW" ]
check "the agent reads no outbox" cannot_read agent /var/lib/sidetone/outbox
check "the agent reads no key" cannot_read agent /etc/sidetone/agent.key
check "the station runs as the agent" [ "$(stat -c %U /proc/"$(user_property $station MainPID)")" = agent ]
check "the whole daemon does not" [ "$(user_property sidetone.service ActiveState)" = inactive ]
for unit in $uplink "--user $station"; do
  # shellcheck disable=SC2086 # its words
  echo "  $(agent systemd-analyze security --no-pager $unit | tail -n 1)"
done

# A call, with the mute button.
headset hook 1
expect_message 3 $started
check "it carries the agent's pseudonym" eval "echo '$MESSAGE' | grep -q '\"agent\":\"'"
headset mute_state 1
expect_message 3 /event/mute.on
expect_message 6 /event/alert.raised kind=muted_at_call_start

# The station is killed in it.
agent systemctl --user kill -s KILL $station
expect_message 15 $ended reason=restart
expect_message 3 /event/alert.cleared kind=muted_at_call_start reason=restart
check "the station runs again" wait_for 5 station_restarted
expect_message 10 /event/headset.added
headset hook 0
headset mute_state 0
sleep 1
headset hook 1
expect_message 3 $started

# The uplink is killed, and the call ends while it is away.
systemctl kill -s KILL $uplink
headset hook 0
expect_message 15 $ended reason=hook_on
check "the uplink runs again" restarted
check "the station has lived on" station_restarted
expect_message 5 /status state=ready
check "each call has one end ($(distinct $started) began, $(distinct $ended) ended)" [ "$(distinct $started) $(distinct $ended)" = "2 2" ]

# Logged out nobody speaks; logged in again the station begins by itself.
mark
log_out
expect_message 10 /status state=ready reason=no_session
log_in
expect_message 25 /event/headset.added
check "no other Sidetone has started" [ "$(user_property sidetone.service ActiveState)" = inactive ]
headset volume +
expect_message 3 /event/volume.changed

mark
systemctl stop $uplink
expect_message 5 /status state=stopped
expect_property $uplink Result success
check "the station waits for it" [ "$(user_property $station ActiveState)" = active ]
expect_nothing_written
finish
