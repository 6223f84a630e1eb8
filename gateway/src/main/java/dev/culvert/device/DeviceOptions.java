package dev.culvert.device;

import dev.culvert.crypto.AeadEngine;
import java.util.List;

/// How a device is built; none of it can change while it runs.
///
/// @param name of the interface; in thread names and logs
/// @param lanes event loops; 1..64
/// @param handshakeWorkers threads for handshake arithmetic
/// @param engine of the packet path
/// @param stagedBytesMax over all peers, for packets that wait for a handshake
/// @param handshakes against floods
/// @param offloads that may be used
/// @param forwarding from peer to peer
/// @param cpus that the lanes run on, one each in this order; empty for wherever the system likes
/// @param busyPollNs how long a lane that had work looks for more before it sleeps; 0 sleeps at once
@Published
public record DeviceOptions(
        String name,
        int lanes,
        int handshakeWorkers,
        AeadEngine engine,
        long stagedBytesMax,
        HandshakeLimits handshakes,
        Offloads offloads,
        Forwarding forwarding,
        List<Integer> cpus,
        long busyPollNs) {
    public static final int LANES_MAX = 64;
    public static final int HANDSHAKE_WORKERS_MAX = 64;
    public static final long DEFAULT_STAGED_BYTES_MAX = 64L << 20;

    public DeviceOptions {
        if (lanes < 1 || lanes > LANES_MAX) {
            throw new IllegalArgumentException("lanes must be 1.." + LANES_MAX + ", not " + lanes);
        }
        cpus = List.copyOf(cpus);
        if (!cpus.isEmpty() && cpus.size() < lanes) {
            throw new IllegalArgumentException(lanes + " lanes cannot run on " + cpus.size() + " CPUs");
        }
        if (handshakeWorkers < 1) {
            throw new IllegalArgumentException("there must be at least one handshake worker");
        }
    }

    /// One lane a core, half as many handshake workers.
    public static DeviceOptions defaults(String name, AeadEngine engine) {
        int cores = Runtime.getRuntime().availableProcessors();
        return new DeviceOptions(
                name,
                Math.min(cores, LANES_MAX),
                Math.max(1, cores / 2),
                engine,
                DEFAULT_STAGED_BYTES_MAX,
                HandshakeLimits.DEFAULTS,
                Offloads.ALL,
                Forwarding.KERNEL,
                List.of(),
                0);
    }
}
