# Words for tests under systemd, over those of lib.sh. Sourced, not run.
. /t/lib.sh

# Without a sound server the card itself is what plug and unplug wait for.
find_card() {
  for _card in /sys/class/sound/card*; do
    case $(readlink -f "$_card") in */vhci_hcd.*) cat "$_card/id" ;; esac
  done
}
find_source() { [ ! -e "/proc/asound/$(find_card)/pcm0c" ] || find_card; }
find_sink() { [ ! -e "/proc/asound/$(find_card)/pcm0p" ] || find_card; }

# Subscribes as an integrator would.
subscribe() {
  mosquitto_sub -h 127.0.0.1 -V 5 -t 'sidetone/#' -F '%U %r %t %p' >"$MESSAGES" 2>"$LOGS/subscriber.log" 8>&- &
  sleep 0.5
  CAUSE=
  mark
}

# can_read USER FILE
can_read() { setpriv --reuid "$1" --regid "$1" --init-groups sh -c 'exec 3<"$1"' sh "$2" 2>/dev/null; }
cannot_read() { ! can_read "$@"; }

# Installs the package as apt would, the headset plugged in.
install_package() {
  _began=$(uptime_s)
  DEBIAN_FRONTEND=noninteractive dpkg -i /t/sidetone.deb >"$LOGS/dpkg.log" 2>&1 ||
    fail "the package does not install: $(tail -n 3 "$LOGS/dpkg.log")"
  pass "the package is installed after $(seconds_since "$_began") s"
  udevadm settle
}

# property UNIT NAME
property() { systemctl show -P "$2" "$1"; }

# expect_property UNIT NAME VALUE
expect_property() {
  _value=$(property "$1" "$2")
  check "$1: $2 is $3 ($_value)" [ "$_value" = "$3" ]
}

# add_agent: somebody who can log in at the seat.
add_agent() {
  useradd -m -s /bin/sh agent
  uid=$(id -u agent)
  mkdir -p /etc/systemd/system/getty@tty1.service.d
  printf '[Service]\nExecStart=\nExecStart=-/sbin/agetty --autologin agent --noclear %%I linux\n' \
    >/etc/systemd/system/getty@tty1.service.d/autologin.conf
  systemctl daemon-reload
}

# agent COMMAND..: as the agent, with their systemd.
agent() { setpriv --reuid agent --regid agent --init-groups env HOME=/home/agent XDG_RUNTIME_DIR=/run/user/"$uid" "$@"; }
user_property() { agent systemctl --user show -P "$2" "$1"; }
seated() { [ "$(loginctl show-seat seat0 -P ActiveSession)" ] && agent systemctl --user is-system-running; }

log_in() {
  systemctl restart getty@tty1.service
  wait_for 30 seated || fail "the agent does not get a session at the seat: $(loginctl --no-legend list-sessions)"
}

log_out() {
  systemctl stop getty@tty1.service
  loginctl terminate-user agent
  wait_for 30 eval '! systemctl -q is-active user@"$uid".service' || fail "the agent's systemd does not end"
}
