# What is heard in a call: double talk and what only looks like it, hum, babble, crackle.
# A fault begins while the one before it is still being waited for, to save time.
. /t/lib.sh

headset_start
plug
sidetone_start
check "nobody listens outside a call" listeners 0

# Only the customer talks; the agent's microphone hears the leak of the earpiece.
headset mic silence, leak -20 40
call_start
customer play customer.wav loop
expect_message 3 /event/call.started
expect_message 5 /telemetry/audio
expect_none 12 '/event/overtalk.started'
check "no double_talk while only leakage is in the microphone" \
  [ "$(count_messages /event/alert.raised kind=double_talk)" = 0 ]

# The agent talks into it, and neither gives way.
headset mic insists.wav loop
expect_message 4 /event/overtalk.started floor=customer interrupter=agent
expect_message 6 /alert/double_talk/call state=raised severity=minor notify=alarm

# The customer stops; mains hum begins.
customer stop
headset mic agent.wav loop
DOUBLE_TALK_OVER=$CAUSE
headset hum 50 -45
HUM=$CAUSE
CAUSE=$DOUBLE_TALK_OVER
expect_message 20 /alert/double_talk/call state=cleared reason=condition
CAUSE=$HUM
expect_message 25 /alert/line_noise/agent state=raised fault=hum severity=major notify=alarm

# The hum ends; six colleagues and more talk around the agent.
headset hum off, noise babble.wav -33
expect_message 25 /alert/line_noise/agent state=cleared reason=condition
expect_message 25 /alert/noisy_environment/agent state=raised severity=minor notify=alarm

# They fall silent; the cable crackles.
headset noise off, crackle 60
expect_message 25 /alert/line_noise/agent state=raised fault=crackle
expect_message 30 /alert/noisy_environment/agent state=cleared reason=condition
headset crackle off
expect_message 25 /alert/line_noise/agent state=cleared reason=condition

call_end
expect_message 4 /event/call.ended
check "nobody listens after the call" wait_for 2 listeners 0

expect_once double_talk
expect_once line_noise fault=hum
expect_once noisy_environment
expect_once line_noise fault=crackle
expect_no_alert_but double_talk line_noise noisy_environment
expect_nothing_written
sidetone_stop
finish
