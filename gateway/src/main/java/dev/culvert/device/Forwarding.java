package dev.culvert.device;

/// How packets go from one peer to another.
@Published
public enum Forwarding {
    /// Through the TUN and the host's kernel: its firewall, connection tracking and routes apply.
    KERNEL,
    /// Decrypted and encrypted again on the lanes where nothing of the host is needed ([DirectForwarding]).
    DIRECT
}
