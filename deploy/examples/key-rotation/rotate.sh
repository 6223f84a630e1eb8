#!/usr/bin/env bash
# The hub's half of a spoke's new key: see the README beside it.
#   rotate.sh IFNAME OLD-PUBLIC-KEY NEW-PUBLIC-KEY [PRESHARED-KEY-FILE]
set -eu
[ $# -ge 3 ] || { sed -n '2,3s/^# *//p' "$0" >&2; exit 2; }
interface=$1 old=$2 new=$3 psk=${4-/dev/null}
prefixes=$(wg show "$interface" allowed-ips | awk -v key="$old" '$1 == key { $1 = ""; gsub(/^ +/, ""); gsub(/ /, ","); print }')
[ -n "$prefixes" ] || { echo "rotate.sh: $old is no peer of $interface" >&2; exit 1; }
wg set "$interface" peer "$new" preshared-key "$psk"
echo "Now, on the spoke: wg set IFNAME private-key FILE"
for ((i = 0; i < 3000; i++)); do # five minutes
    if [ "$(wg show "$interface" latest-handshakes | awk -v key="$new" '$1 == key { print $2 }')" != 0 ]; then
        wg set "$interface" peer "$new" allowed-ips "$prefixes"
        wg set "$interface" peer "$old" remove
        echo "Moved $prefixes to $new; write it into the file of $interface"
        exit 0
    fi
    sleep 0.1
done
wg set "$interface" peer "$new" remove
echo "rotate.sh: the spoke did not come with its new key in five minutes; nothing has changed" >&2
exit 1
