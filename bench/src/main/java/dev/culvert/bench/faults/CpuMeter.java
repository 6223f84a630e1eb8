package dev.culvert.bench.faults;

import dev.culvert.bench.lab.Figures;
import dev.culvert.bench.lab.Tunnel;

/// How many cores the hub, and the whole machine, keep busy between two moments.
final class CpuMeter {
    private final Tunnel hub;
    private final long startNs = System.nanoTime();
    private final double hubSeconds;
    private final double busySeconds;

    private CpuMeter(Tunnel hub) {
        this.hub = hub;
        hubSeconds = hub.cpuSeconds();
        busySeconds = Figures.machineCpuSeconds();
    }

    static CpuMeter start(Tunnel hub) {
        return new CpuMeter(hub);
    }

    record Used(double hubCores, double busyCores) {}

    Used read() {
        double seconds = (System.nanoTime() - startNs) / 1e9;
        return new Used(
                (hub.cpuSeconds() - hubSeconds) / seconds, (Figures.machineCpuSeconds() - busySeconds) / seconds);
    }
}
