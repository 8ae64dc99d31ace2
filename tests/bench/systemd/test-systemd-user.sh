# The Debian package on a workstation: an agent logs in at the seat, logind lets them read the headset because of
# our udev rule, and their systemd starts the user unit.
. /t/lib-systemd.sh

active() { [ "$(user_property sidetone.service ActiveState)" = active ]; }

add_agent
log_in
echo "  $(loginctl --no-legend list-sessions | tr -s ' ')"

headset_start
plug
check "without the package's rule the agent cannot read the headset" cannot_read agent "$HIDRAW"
install_package
check "with it the person at the seat can" can_read agent "$HIDRAW"
check "another user cannot" cannot_read daemon "$HIDRAW"
check "the running session has not got the unit started unasked" [ "$(user_property sidetone.service ActiveState)" != active ]

# In the running session, with the command of the README to the letter.
started=$(sed -n 's/.*in a running one, `\(systemctl --user start [a-z]*\)`.*/\1/p' /t/README.md)
# shellcheck disable=SC2086 # its words
check "'$started' starts it in the running session" agent $started
check "it runs" active

# It starts with the next login.
subscribe
log_out
log_in
check "logged in again, the user unit runs by itself" wait_for 20 active
# `auto` waits ten seconds for a sound server before it takes plain ALSA, and is starting meanwhile.
expect_message 25 /status state=ready
[ "$FAILURES" = 0 ] || finish
expect_message 5 /event/headset.added
headset hook 1
expect_message 3 /event/hook.off
headset hook 0
expect_message 3 /event/hook.on
pid=$(user_property sidetone.service MainPID)
check "as the agent" [ "$(stat -c %U /proc/"$pid")" = agent ]
check "it may lock 8 MiB" grep -q 'Max locked memory *8388608' /proc/"$pid"/limits
unplug
expect_message 5 /event/headset.removed
plug
wait_for 5 can_read agent "$HIDRAW"
expect_message 8 /event/headset.added
headset volume +
expect_message 3 /event/volume.changed

# One headset, one Sidetone.
check "the system unit refuses to start beside it" eval '! systemctl start sidetone-alsa.service 2>/dev/null'

# An upgrade brings the new program to who is logged in.
mark
install_package
check "the upgrade has restarted it" eval 'wait_for 10 active && [ "$(user_property sidetone.service MainPID)" != '"$pid"' ]'
expect_message 25 /status state=ready
check "nobody was told to log out" eval "! grep 'until logout' '$LOGS/dpkg.log'"

mark
agent systemctl --user stop sidetone.service
expect_message 5 /status state=stopped
check "it ended well" [ "$(user_property sidetone.service Result)" = success ]
check "then the system unit starts" systemctl start sidetone-alsa.service
agent systemctl --user start sidetone.service
check "and the user unit is held back" [ "$(user_property sidetone.service ActiveState)" = inactive ]
mark
dpkg -r sidetone >>"$LOGS/dpkg.log" 2>&1
expect_message 5 /status state=stopped
check "removing the package ends it" [ ! -e /run/sidetone ]
expect_nothing_written
finish
