# Runs programs of the bench module, which is built if anything is newer than its jar.
# Sourced by deploy/lib/faults.sh and bench/compare, after deploy/lib/host.sh; changes nothing when read.

# Whether both jars are there and newer than everything that they are made of.
bench_built() {
    [ -f gateway/target/culvert.jar ] && [ -f bench/target/benchmarks.jar ] &&
        [ -z "$(find pom.xml deploy/bin/culvert {crypto,gateway,bench}/pom.xml {crypto,gateway,bench}/src/main \
            -newer bench/target/benchmarks.jar -print -quit)" ]
}

# run_bench CLASS [ARGUMENTS]: a main class of the bench module where network namespaces can be made
run_bench() {
    if ! bench_built; then
        say "Building Culvert and its load generator with $JAVA_HOME"
        run_maven -q -DskipTests -pl bench -am package >&2 || die "The build failed: see above."
    fi
    in_network "$JAVA_HOME/bin/java" --enable-native-access=ALL-UNNAMED -Xshare:auto -XX:+UseSerialGC \
        -Dculvert.repository="$PWD" -cp bench/target/benchmarks.jar "$@"
}
