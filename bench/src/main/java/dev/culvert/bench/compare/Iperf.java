package dev.culvert.bench.compare;

import dev.culvert.bench.lab.Background;
import dev.culvert.bench.lab.Namespace;
import dev.culvert.bench.lab.Owner;
import dev.culvert.bench.lab.TrialFailure;
import dev.culvert.bench.lab.Waiting;
import java.time.Duration;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What one run of iperf3 came to.
///
/// @param gbit a second, as the receiver counted it
/// @param packets received, of UDP
/// @param lost of UDP
record Iperf(double gbit, double seconds, long packets, long lost) {
    private static final double LISTENING_AFTER_S = 0.4;
    private static final Duration GRACE = Duration.ofSeconds(20);
    private static final int TRIES = 8;
    private static final String BUSY = "the server is busy running a test";
    private static final JsonMapper JSON = JsonMapper.shared();

    static Background serve(Owner owner, Namespace namespace) {
        Background server = owner.add(namespace.start("iperf3 -s", owner.log("iperf-server"), "iperf3 -s"));
        Waiting.seconds(LISTENING_AFTER_S);
        return server;
    }

    /// @param more options
    static Iperf run(Namespace from, String target, int seconds, String more) {
        return run(from, target, GRACE.plusSeconds(seconds), " -t " + seconds + more);
    }

    static Iperf transfer(Namespace from, String target, int mebibytes) {
        return run(from, target, GRACE, " -n " + mebibytes + "M");
    }

    private static Iperf run(Namespace from, String target, Duration limit, String more) {
        String output = "";
        for (int tries = 0; tries < TRIES; tries++) {
            output = from.run(limit, "iperf3 -J -c " + target + " --connect-timeout 5000" + more)
                    .output();
            if (!output.contains(BUSY)) {
                break;
            }
            Waiting.seconds(1); // the server still waits for the end of the transfer before
        }
        return parse(output);
    }

    /// @throws TrialFailure if the text is cut off, or tells of an error
    static Iperf parse(String text) {
        try {
            JsonNode all = JSON.readTree(text.substring(Math.max(0, text.indexOf('{'))));
            if (all.has("error")) {
                throw new TrialFailure("iperf3 says: " + all.get("error").asString());
            }
            JsonNode end = all.path("end");
            JsonNode sum = end.has("sum_received") && !end.path("sum").has("lost_packets")
                    ? end.path("sum_received")
                    : end.path("sum");
            if (!sum.has("bits_per_second")) {
                throw new TrialFailure("iperf3's result has no sum: it was cut short");
            }
            long packets = sum.path("packets").asLong(0);
            long lost = sum.path("lost_packets").asLong(0);
            return new Iperf(
                    sum.get("bits_per_second").asDouble() / 1e9,
                    sum.path("seconds").asDouble(),
                    packets - lost,
                    lost);
        } catch (JacksonException e) {
            throw new TrialFailure(
                    "iperf3's result is cut off or no JSON: "
                            + text.lines().findFirst().orElse(""),
                    e);
        }
    }
}
