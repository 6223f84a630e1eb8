package dev.culvert.bench.compare;

import java.util.List;

/// Something that is compared.
///
/// @param command of a userspace WireGuard, called as `COMMAND -f IFNAME`; empty for the others
/// @param version what it says of itself; may be empty
record Implementation(String name, Kind kind, List<String> command, String version) {
    enum Kind {
        USERSPACE,
        KERNEL,
        OPENVPN
    }

    /// However it is called: with an environment of its own, for instance.
    boolean isCulvert() {
        return kind == Kind.USERSPACE && version.startsWith("culvert ");
    }
}
