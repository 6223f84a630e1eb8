package dev.culvert.admin;

import dev.culvert.device.Device;

/// Whether a device works, asked of it no more than once a second however many ask here.
final class Health {
    private static final long CACHED_NS = 1_000_000_000L;
    private static final long LANES_ANSWER_MS = 2_000;

    private final Device device;
    private boolean asked;
    private long askedNs;
    private String trouble = "";

    Health(Device device) {
        this.device = device;
    }

    /// @return what is wrong, empty if every lane takes turns
    synchronized String notLive() throws InterruptedException {
        long nowNs = System.nanoTime();
        if (!asked || nowNs - askedNs >= CACHED_NS) {
            trouble = device.lanesAnswer(LANES_ANSWER_MS) ? "" : "a lane has not answered for two seconds";
            asked = true;
            askedNs = System.nanoTime();
        }
        return trouble;
    }

    /// @return why no new peer should be sent here, empty if one may
    String notReady() throws InterruptedException {
        String live = notLive();
        return live.isEmpty() ? device.notReady() : live;
    }
}
