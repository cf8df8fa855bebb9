#!/bin/sh
# Makes demo.flac anew: two sentences spoken by espeak-ng with pauses around them, 16 kHz mono, about 12 s.
# Needs the Debian packages espeak-ng and sox.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
espeak-ng -v en-us -s 150 -w "$work/1.wav" "Catena listens and reads along, chunk by chunk."
espeak-ng -v en-us -s 150 -w "$work/2.wav" "It keeps a small state, and its speed stays the same all day."
for i in 1 2; do
  sox "$work/$i.wav" -r 16000 -b 16 "$work/$i.16k.wav" silence 1 0.01 0.5% reverse silence 1 0.01 0.5% reverse gain -n -6
done
sox "$work/1.16k.wav" "$work/1.padded.wav" pad 1.2 2.2
sox "$work/2.16k.wav" "$work/2.padded.wav" pad 0 1.6
sox "$work/1.padded.wav" "$work/2.padded.wav" "$work/speech.wav"
# A quiet room instead of digital silence: pink noise at -66 dBFS or so, always the same (-R).
sox -R -n -r 16000 -b 16 "$work/room.wav" synth "$(soxi -D "$work/speech.wav")" pinknoise gain -60
sox -R -m -v 1 "$work/speech.wav" -v 1 "$work/room.wav" -b 16 -C 8 demo.flac
soxi demo.flac
