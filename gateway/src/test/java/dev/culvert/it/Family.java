package dev.culvert.it;

/// The two address families.
enum Family {
    IPV4,
    IPV6;

    /// An endpoint in the notation of `wg`.
    String endpoint(String address, int port) {
        return this == IPV4 ? address + ":" + port : "[" + address + "]:" + port;
    }

    int hostPrefixLength() {
        return this == IPV4 ? 32 : 128;
    }

    /// The inner packet's bytes around the payload of an echo request.
    int pingHeaderBytes() {
        return this == IPV4 ? 28 : 48;
    }
}
