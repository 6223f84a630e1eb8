# What the scripts ask of the host: a JDK, Maven, tools, and a place where network namespaces may be made.
# Sourced by deploy/verify, deploy/demo, .ci/run and .ci/planted; changes nothing when read.

JAVA_LEAST=25

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# The JDK's feature release (25 of 25.0.1), or nothing if there is no JDK at $1.
java_release() {
    [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 0
    sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
}

# Prints the home of a JDK that is new enough: the caller's choice, what the PATH has, what the distribution installs.
find_jdk() {
    local home release on_path
    on_path=$(command -v javac 2>/dev/null) && on_path=$(dirname "$(dirname "$(readlink -f "$on_path")")")
    for home in "${JAVA_HOME:-}" "$on_path" "${CULVERT_JVM_DIRECTORY:-/usr/lib/jvm}"/*; do
        [ -n "$home" ] || continue
        release=$(java_release "$home")
        if [ -n "$release" ] && [ "$release" -ge "$JAVA_LEAST" ]; then
            printf '%s\n' "$home"
            return 0
        fi
    done
    return 1
}

# Exports JAVA_HOME, or ends with a sentence.
need_jdk() {
    JAVA_HOME=$(find_jdk) || die "Culvert needs a JDK $JAVA_LEAST or newer, and there is none in JAVA_HOME, on the PATH or" \
        "under /usr/lib/jvm. Install one (Debian 13 and Ubuntu 24.04: apt-get install openjdk-25-jdk-headless;" \
        "elsewhere: Temurin 25, https://adoptium.net) and try again, with JAVA_HOME if it lies elsewhere."
    export JAVA_HOME
}

# need_tools COMMAND:PACKAGE... gets missing commands by apt where this user may, or says which are missing. A COMMAND
# that begins with a slash is a file.
need_tools() {
    local pair packages=""
    for pair in "$@"; do
        PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%:*}" >/dev/null 2>&1 || [[ $pair == /* && -f ${pair%%:*} ]] ||
            packages="$packages ${pair#*:}"
    done
    [ -n "$packages" ] || return 0
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        die "These Debian packages (or your system's counterparts) are missing:$packages." \
            "Install them and try again; as root on Debian or Ubuntu this script does it itself."
    fi
    say "Getting what is missing by apt:$packages"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086 # a list of words
    apt-get update -qq </dev/null >&2 &&
        apt-get install -y -q --no-install-recommends $packages </dev/null >&2 ||
        die "apt could not install:$packages. Its message above says why; install them by hand and try again."
}

# Maven with its progress visible: every line on a terminal, the goals without transfers elsewhere.
run_maven() {
    if [ -t 1 ] && [ -z "${CI:-}" ]; then
        mvn "$@"
    else
        mvn -B -ntp "$@"
    fi
}

# What tests and demo do with the network, tried once and thrown away: a namespace, a command in it, a TUN device.
NETWORK_TRIAL='
    name=culvert-trial-$$
    ip netns add "$name" || exit 1
    ip netns exec "$name" ip tuntap add dev trial0 mode tun
    status=$?
    ip netns del "$name"
    exit $status'

# A user's own /run, so that `ip netns` and the UAPI socket have a place that it may write.
OWN_RUN='mount -t tmpfs tmpfs /run && mkdir -p /run/netns /run/wireguard && ip link set lo up && '

# Sets NETWORK to how network namespaces can be made here: root, user (an unprivileged user namespace) or sudo.
need_network() {
    local error
    PATH="$PATH:/usr/sbin:/sbin"
    export PATH
    [ -e /dev/net/tun ] || die "There is no /dev/net/tun. Load the module (modprobe tun), or hand the device to the container" \
        "(docker run --device /dev/net/tun --cap-add NET_ADMIN --cap-add SYS_ADMIN)."
    if [ "$(id -u)" = 0 ]; then
        error=$(sh -c "$NETWORK_TRIAL" 2>&1) ||
            die "Root may not make network namespaces or TUN devices here ($error)." \
                "In a container, add the capabilities NET_ADMIN and SYS_ADMIN."
        NETWORK=root
    elif unshare -Urnm sh -c "$OWN_RUN $NETWORK_TRIAL" >/dev/null 2>&1; then
        NETWORK=user
    elif command -v sudo >/dev/null 2>&1; then
        NETWORK=sudo
    else
        die "Network namespaces are needed, and this user may make none: the kernel refuses unprivileged user" \
            "namespaces (see kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns and" \
            "user.max_user_namespaces) or /dev/net/tun in them, and there is no sudo. Run this as root."
    fi
}

# Runs a command where network namespaces can be made. In the user namespace there is no way out to the internet.
in_network() {
    case $NETWORK in
        root) "$@" ;;
        user) unshare -Urnm sh -c "$OWN_RUN"'exec "$@"' sh "$@" ;;
        sudo)
            say "Network namespaces need root here: sudo may ask for a password."
            sudo env "PATH=$PATH" "JAVA_HOME=$JAVA_HOME" "HOME=$HOME" "$@"
            ;;
    esac
}
