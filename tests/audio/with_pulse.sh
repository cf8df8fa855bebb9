#!/bin/sh
# Runs a command with private sound servers, so that the sound path can be tested where there is no sound hardware.
#
#   with_pulse.sh COMMAND [ARG...]     start the servers, run COMMAND, clean up; exit status is COMMAND's
#   with_pulse.sh --start NAME         (inside COMMAND) start server NAME: "main" or "studio"
#   with_pulse.sh --stop NAME          (inside COMMAND) end server NAME at once, as a crash would
#
# Inside COMMAND the ALSA devices are
#   default, pulse   the monitor of sink "mic" of server main: `paplay --device=mic FILE` speaks into it
#   studio           the monitor of sink "mic" of a second server: a microphone that can be unplugged by itself
# and sink "spk" of server main takes what is played. HOME, the runtime folder and the sockets are private to the run;
# another server of the same user is neither used nor disturbed. Works as root.
# Exit status 77 when pulseaudio is not installed.
set -eu

start_server() {
  dir=$CATENA_PULSE_DIR/$1
  mkdir -p "$dir/state"
  rm -f "$dir/native"
  PULSE_RUNTIME_PATH=$dir PULSE_STATE_PATH=$dir/state XDG_RUNTIME_DIR=$dir \
    pulseaudio -n --daemonize=no --use-pid-file=no --exit-idle-time=-1 --disable-shm=yes --log-target=stderr --log-level=error \
    -L "module-native-protocol-unix auth-anonymous=1 socket=$dir/native" \
    -L "module-null-sink sink_name=mic rate=16000 channels=1" \
    -L "module-null-sink sink_name=spk rate=48000" >"$dir/log" 2>&1 &
  echo $! >"$dir/pid"
  for _ in $(seq 100); do
    if PULSE_SERVER=unix:$dir/native pactl set-default-source mic.monitor 2>/dev/null; then
      PULSE_SERVER=unix:$dir/native pactl set-default-sink spk
      return 0
    fi
    sleep 0.1
  done
  echo "with_pulse.sh: server $1 did not start: $(tail -n 1 "$dir/log")" >&2
  return 1
}

stop_server() {
  pid_file=$CATENA_PULSE_DIR/$1/pid
  [ -f "$pid_file" ] || return 0
  kill -KILL "$(cat "$pid_file")" 2>/dev/null || true
  rm -f "$pid_file" "$CATENA_PULSE_DIR/$1/native"
}

case "${1:-}" in
  --start) start_server "$2"; exit ;;
  --stop) stop_server "$2"; exit ;;
  "") echo "usage: $0 COMMAND [ARG...]" >&2; exit 2 ;;
esac

if ! command -v pulseaudio >/dev/null; then
  echo "with_pulse.sh: pulseaudio is not installed (apt-get install pulseaudio pulseaudio-utils)" >&2
  exit 77
fi

CATENA_PULSE_DIR=$(mktemp -d "${TMPDIR:-/tmp}/catena-pulse.XXXXXX")
export CATENA_PULSE_DIR
cleanup() {
  stop_server main
  stop_server studio
  rm -rf "$CATENA_PULSE_DIR"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

export HOME="$CATENA_PULSE_DIR/home" XDG_RUNTIME_DIR="$CATENA_PULSE_DIR/run" PULSE_SERVER="unix:$CATENA_PULSE_DIR/main/native"
export PULSE_COOKIE="$CATENA_PULSE_DIR/cookie"
mkdir -p "$HOME" "$XDG_RUNTIME_DIR"
chmod 700 "$XDG_RUNTIME_DIR"
cat >"$HOME/.asoundrc" <<END
pcm.!default { type pulse }
pcm.pulse { type pulse }
pcm.studio { type pulse server "unix:$CATENA_PULSE_DIR/studio/native" device "mic.monitor" }
END
start_server main
"$@"
