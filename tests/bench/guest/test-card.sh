# The sound card leaves in a call while the HID interface stays: that is a quick disconnect, not an unplug.
. /t/lib.sh

headset_start
plug
headset mic agent.wav loop
sidetone_start
call_start
headset hook 1
expect_message 3 /event/call.started
card_off
expect_message 4 /event/qd.open provenance=reported
expect_message 2 /alert/qd_open_in_call/call state=raised provenance=reported
card_on
expect_message 3 /event/qd.closed
expect_message 3 /alert/qd_open_in_call/call state=cleared
headset hook 0
call_end
expect_message 15 /event/call.ended

expect_once qd_open_in_call
expect_no_alert_but qd_open_in_call
expect_nothing_written
sidetone_stop
finish
