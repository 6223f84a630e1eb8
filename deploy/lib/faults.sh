# Floods and faults: runs the bench module's table of them.
# Sourced by deploy/verify, after deploy/lib/host.sh; changes nothing when read.

# run_faults --faults [OPTIONS] [ROW...], or run_faults --soak [MINUTES], or run_faults --lists
run_faults() {
    . deploy/lib/bench.sh
    [ "$1" = --faults ] && shift
    need_jdk
    need_tools mvn:maven ip:iproute2 wg:wireguard-tools wireguard-go:wireguard-go iperf3:iperf3 iptables:iptables \
        nft:nftables ping:iputils-ping curl:curl prlimit:util-linux sysctl:procps
    need_network
    run_bench dev.culvert.bench.faults.FaultTable "$@"
}
