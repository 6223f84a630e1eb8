package dev.culvert.bench.lab;

import dev.culvert.bench.generator.Sample;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A run of ping(8) with the time of each answer.
public final class PingRun implements AutoCloseable {
    private static final Pattern ANSWER = Pattern.compile("^\\[([0-9.]+)\\] .* icmp_seq=(\\d+) .*time=([0-9.]+) ms");
    private static final Pattern SUMMARY = Pattern.compile("(\\d+) packets transmitted, (\\d+) received");
    private static final Duration GRACE = Duration.ofSeconds(15);

    private final Background process;
    private final int perSecond;
    private final double seconds;
    private final long startNs = System.nanoTime();

    private PingRun(Background process, int perSecond, double seconds) {
        this.process = process;
        this.perSecond = perSecond;
        this.seconds = seconds;
    }

    /// @param sequence of the request, counted from 1
    /// @param epochS when the answer came, seconds since 1970
    public record Answer(int sequence, double epochS, double ms) {}

    public record Outcome(int sent, int received, List<Answer> answers) {
        public double percentileMs(double share) {
            Sample sample = new Sample();
            answers.forEach(answer -> sample.add(answer.ms()));
            return sample.percentile(share);
        }

        public int lost() {
            return sent - received;
        }

        /// How many answers came in a stretch of time, seconds since 1970.
        public long answeredBetween(double fromS, double toS) {
            return answers.stream()
                    .filter(answer -> answer.epochS() >= fromS && answer.epochS() < toS)
                    .count();
        }
    }

    public static PingRun start(
            Owner owner, Namespace from, String label, String target, int perSecond, double seconds, String more) {
        String interval = Double.toString(1.0 / perSecond);
        Background process = owner.add(from.start(
                "ping", owner.log("ping-" + label), ("ping -D -n -i " + interval + " -W 2 " + more + target)));
        return new PingRun(process, perSecond, seconds);
    }

    /// Waits for its time to end.
    public Outcome outcome() {
        Waiting.seconds(Math.max(0, seconds - (System.nanoTime() - startNs) / 1e9));
        return stopped();
    }

    /// Without the summary.
    public Outcome soFar() {
        return parse(process.text());
    }

    /// Ends it now. Requests of the last half second whose answers are still under way do not count as lost.
    public Outcome stopped() {
        process.signal("INT");
        process.finished(GRACE);
        Outcome all = parse(process.text());
        int last = all.answers().isEmpty() ? 0 : all.answers().getLast().sequence();
        int underWay = all.sent() - last;
        return underWay <= perSecond / 2 ? new Outcome(last, all.received(), all.answers()) : all;
    }

    public static Outcome parse(String text) {
        List<Answer> answers = new ArrayList<>();
        int sent = 0;
        int received = 0;
        for (String line : text.lines().toList()) {
            Matcher answer = ANSWER.matcher(line);
            Matcher summary = SUMMARY.matcher(line);
            if (answer.find()) {
                answers.add(new Answer(
                        Integer.parseInt(answer.group(2)),
                        Double.parseDouble(answer.group(1)),
                        Double.parseDouble(answer.group(3))));
            } else if (summary.find()) {
                sent = Integer.parseInt(summary.group(1));
                received = Integer.parseInt(summary.group(2));
            }
        }
        return new Outcome(sent, received, answers);
    }

    @Override
    public void close() {
        process.close();
    }
}
