package dev.culvert.bench.faults;

import dev.culvert.bench.lab.Background;
import dev.culvert.bench.lab.Waiting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A TCP transfer from the spoke to the hub through the tunnel, by iperf3, with a figure a second.
final class Flow implements AutoCloseable {
    private static final Pattern SECOND = Pattern.compile("-([0-9.]+) +sec .* ([0-9.]+) Mbits/sec");
    private static final int PORT_FIRST = 5300;
    private static final Duration GRACE = Duration.ofSeconds(20);
    private static int ports;

    private final Background server;
    private final Background client;
    private final int seconds;

    private Flow(Background server, Background client, int seconds) {
        this.server = server;
        this.client = client;
        this.seconds = seconds;
    }

    static Flow start(Scene scene, int seconds) {
        return start(scene, seconds, "");
    }

    /// @param mbit what the sender keeps to, in Mbit/s
    static Flow paced(Scene scene, int seconds, int mbit) {
        return start(scene, seconds, " -b " + mbit + "M");
    }

    private static synchronized Flow start(Scene scene, int seconds, String options) {
        int port = PORT_FIRST + ports++;
        Trial trial = scene.trial;
        Background server = trial.add(scene.hubSpace.start(
                "iperf3 -s", trial.log("iperf-server-" + port), "iperf3 -s -1 -p " + port + " -B " + Scene.HUB_INNER));
        Waiting.seconds(0.3);
        Background client = trial.add(scene.spokeSpace.start(
                "iperf3 -c",
                trial.log("iperf-client-" + port),
                "iperf3 -c " + Scene.HUB_INNER + " -p " + port + " -t " + seconds
                        + " -i 1 -f m --forceflush --connect-timeout 5000" + options));
        return new Flow(server, client, seconds);
    }

    /// Waits for the end: Mbit/s of each second, but the first. What it did not come to are zeros.
    List<Double> perSecond() {
        boolean unused = client.ended(Duration.ofSeconds(seconds).plus(GRACE));
        assert unused || client.process.isAlive();
        List<Double> figures = new ArrayList<>();
        for (String line : client.text().lines().toList()) {
            Matcher second = SECOND.matcher(line);
            if (second.find() && !line.endsWith("sender") && !line.endsWith("receiver")) {
                figures.add(Double.parseDouble(second.group(2)));
            }
        }
        while (figures.size() < seconds) {
            figures.add(0.0);
        }
        close();
        return figures.subList(1, seconds);
    }

    double meanMbit() {
        return mean(perSecond());
    }

    static double mean(List<Double> figures) {
        return figures.stream().mapToDouble(Double::doubleValue).average().orElse(0);
    }

    /// The same while something is asked, so often a second or as often as it is answered.
    double meanMbitBeside(int perSecond, Runnable ask) {
        CompletableFuture<Double> mbit = CompletableFuture.supplyAsync(this::meanMbit);
        for (long next = System.nanoTime(); !mbit.isDone(); next += 1_000_000_000L / perSecond) {
            long wait = next - System.nanoTime();
            if (wait > 0) {
                LockSupport.parkNanos(wait);
            }
            ask.run();
        }
        return mbit.join();
    }

    @Override
    public void close() {
        client.close();
        server.close();
    }
}
