# The start of the interactive shell (make bench-shell).
PS1='guest# '
export LOGS=/tmp/logs/shell
. /t/lib.sh
finish() { :; } # what fails is seen; the shell stays
headset_start
plug
cat <<TEXT

A guest with the headset $HEADSET plugged in: $HIDRAW
  source $SOURCE
  sink   $SINK

  headset hook 1            move it: hook mute volume qd mic leak hum crackle noise plug unplug stats
  call_start; customer play customer.wav loop; call_end
  sidetone_start            the daemon and a subscriber; messages in $MESSAGES
  Logs are in $LOGS; Ctrl-A X leaves.

TEXT
