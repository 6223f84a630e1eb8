package dev.culvert.bench.generator;

import dev.culvert.crypto.PublicKey;
import dev.culvert.noise.RemoteIdentity;

/// The hub as its clients know it.
///
/// @param address outside, IPv4
/// @param inner its IPv4 address in the tunnel
record HubAddress(int address, int port, int inner, RemoteIdentity identity) {
    static HubAddress of(Settings settings) {
        return new HubAddress(
                settings.address("hub"),
                settings.number("port"),
                settings.address("inner"),
                new RemoteIdentity(PublicKey.fromBase64(settings.text("key"))));
    }
}
