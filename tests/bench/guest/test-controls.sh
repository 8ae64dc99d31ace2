# What the headset's controls mean for a call: mute at its start, quick disconnect, the plug.
. /t/lib.sh

headset_start
plug
headset mic agent.wav loop
sidetone_start
MARK=0
expect_message 5 /event/headset.added
check "nobody listens outside a call" listeners 0

# Buttons outside a call: events, and no alert.
headset hook 1
expect_message 2 /event/hook.off
headset hook 0
expect_message 2 /event/hook.on
headset volume +
expect_message 2 /event/volume.changed step=1
headset mute_state 1
expect_message 2 /event/mute.on provenance=reported

# The agent is muted when the call starts.
call_start
expect_message 3 /event/call.started
expect_message 6 /alert/muted_at_call_start/call state=raised severity=minor notify=alarm provenance=reported
check "in the call Sidetone's two streams listen beside the softphone's" wait_for 3 listeners 3
headset mute_state 0
expect_message 2 /event/mute.off provenance=reported
expect_message 2 /alert/muted_at_call_start/call state=cleared reason=condition
call_end
expect_message 4 /event/call.ended
check "Sidetone's streams are closed after the call" wait_for 2 listeners 0

# The quick disconnect is pulled in the call, and the device reports it.
call_start
expect_message 3 /event/call.started
customer play customer.wav loop
headset qd 1
expect_message 2 /event/qd.open provenance=reported
expect_message 2 /alert/qd_open_in_call/call state=raised severity=major notify=alarm provenance=reported
headset qd 0
expect_message 2 /event/qd.closed
expect_message 2 /alert/qd_open_in_call/call state=cleared reason=condition
check "qd_open_in_call was raised once" [ "$(count_messages /event/alert.raised kind=qd_open_in_call)" = 1 ]

# The plug is pulled in the call: not a quick disconnect.
unplug
expect_message 6 '/alert/headset_gone/headset-[-0-9a-f]*' state=raised severity=major
expect_message 2 /event/headset.removed
call_end
plug
expect_message 3 /event/headset.added
expect_message 6 '/alert/headset_gone/headset-[-0-9a-f]*' state=cleared
check "nor was it raised for the plug" [ "$(count_messages /event/alert.raised kind=qd_open_in_call)" = 1 ]

# A call works as before.
call_start
customer play customer.wav loop
expect_message 15 /telemetry/audio measured_at=capture
call_end
expect_message 15 /event/call.ended
check "nobody listens after the last call" wait_for 2 listeners 0

expect_once muted_at_call_start
expect_once qd_open_in_call
expect_once headset_gone
expect_no_alert_but muted_at_call_start qd_open_in_call headset_gone
expect_nothing_written
sidetone_stop
finish
