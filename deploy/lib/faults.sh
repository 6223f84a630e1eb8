# Floods and faults: builds what is older than its sources and runs the bench module's table of them.
# Sourced by deploy/verify, after deploy/lib/host.sh; changes nothing when read.

# Whether both jars are there and newer than everything that they are made of.
faults_built() {
    [ -f gateway/target/culvert.jar ] && [ -f bench/target/benchmarks.jar ] &&
        [ -z "$(find pom.xml {crypto,gateway,bench}/pom.xml {crypto,gateway,bench}/src/main \
            -newer bench/target/benchmarks.jar -print -quit)" ]
}

# run_faults --faults [OPTIONS] [ROW...], or run_faults --soak [MINUTES], or run_faults --lists
run_faults() {
    [ "$1" = --faults ] && shift
    need_jdk
    need_tools mvn:maven ip:iproute2 wg:wireguard-tools wireguard-go:wireguard-go iperf3:iperf3 iptables:iptables \
        nft:nftables ping:iputils-ping prlimit:util-linux sysctl:procps
    need_network
    if ! faults_built; then
        say "Building Culvert and its load generator with $JAVA_HOME"
        run_maven -DskipTests -pl bench -am package >&2 || die "The build failed: see above."
    fi
    in_network "$JAVA_HOME/bin/java" --enable-native-access=ALL-UNNAMED -Xshare:auto -XX:+UseSerialGC \
        -Dculvert.repository="$PWD" -cp bench/target/benchmarks.jar dev.culvert.bench.faults.FaultTable "$@"
}
