#!/usr/bin/env bash
# Checks the peers of a WireGuard interface, any implementation's: see --help. Exit codes as Nagios and Icinga have them.
set -u

usage() {
    cat <<'TEXT'
Usage: check.sh IFNAME [SECONDS]

Looks twice, SECONDS (10) apart. CRITICAL (2): a peer that is sent to has not answered: its handshake is older than 180 s
and nothing has come from it in between. WARNING (1): a peer that we send keepalives to has no session.
OK (0): everything else; an idle tunnel with an old handshake is no fault. UNKNOWN (3): the interface cannot be read.
TEXT
}

case ${1-} in -h | --help) usage; exit 0 ;; '') usage >&2; exit 3 ;; esac
interface=$1 pause=${2-10}
# public-key psk endpoint allowed-ips latest-handshake rx tx keepalive; the first line is the interface's
look() { wg show "$interface" dump 2>&1 | tail -n +2 | cut -f1,5- ; }
wg show "$interface" public-key >/dev/null 2>&1 || { echo "UNKNOWN: $interface cannot be read"; exit 3; }
before=$(look)
sleep "$pause"
{ printf '%s\n' "$before"; echo ---; look; } | awk -F '\t' -v now="$(date +%s)" -v interface="$interface" '
    $1 == "---" { second = 1; next }
    $1 == "" { next }
    !second { rx[$1] = $3; tx[$1] = $4; next }
    {
        peers++
        age = now - $2
        if (!($1 in tx)) next # it came in between
        sends = $4 > tx[$1]
        if (age <= 180) { up++; next }
        if (sends && $3 == rx[$1]) critical = critical " " substr($1, 1, 8) "..."
        else if ($5 != "off" && $2 > 0) warning = warning " " substr($1, 1, 8) "..."
    }
    END {
        summary = sprintf("%d peers, %d with a session | peers=%d connected=%d", peers, up, peers, up)
        if (critical) { print "CRITICAL: " interface ": no answer from" critical "; " summary; exit 2 }
        if (warning) { print "WARNING: " interface ": silent" warning "; " summary; exit 1 }
        print "OK: " interface ": " summary
    }'
