package dev.culvert.bench.faults;

import dev.culvert.bench.generator.Sample;
import dev.culvert.bench.lab.Figures;
import dev.culvert.bench.lab.Shell;
import dev.culvert.bench.lab.Tunnel;
import dev.culvert.bench.lab.Uapi;
import dev.culvert.bench.lab.Waiting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// R21: Prometheus beside a flow: a scrape a second of 50,000 peers, ten a second of 1,000 and of the sums alone. The
/// flow is paced, since one at full speed has both cores, and gives up whatever else is computed.
final class ScrapeRow implements FaultRow {
    private static final int PEERS = 50_000;
    private static final int PEERS_QUICK = 5_000;
    private static final int FEW_PEERS = 1_000;
    private static final int OFTEN = 10;
    private static final int PACED_MBIT = 500;
    private static final int ROUNDS = 3;
    private static final double SCRAPE_MAX_S = 1;
    private static final double LOSS_MAX = 0.05;
    private static final String LISTEN = "127.0.0.1:9586";
    private static final Duration READY = Duration.ofSeconds(10);

    @Override
    public String id() {
        return "R21";
    }

    @Override
    public String title() {
        return "scrapes of Prometheus beside a flow";
    }

    @Override
    public int seconds(Options options) {
        return options.quick() ? 30 : 150;
    }

    @Override
    public void run(Trial trial) {
        Scene scene = new Scene(trial);
        Tunnel hub = scene.startHub(Map.of("CULVERT_ADMIN_LISTEN", LISTEN));
        scene.startSpoke(hub, Map.of());
        Waiting.until("the first scrape", READY, () -> scrape(scene) != null);
        Uapi.set(hub.interfaceName, ManagementRow.peers(FEW_PEERS));
        beside(scene, FEW_PEERS, OFTEN);
        int peers = trial.options.quick() ? PEERS_QUICK : PEERS;
        Uapi.set(hub.interfaceName, ManagementRow.peers(peers));
        long rssKib = Figures.rssKib(hub.pid());
        beside(scene, peers, 1);
        trial.report.state(
                String.format(
                        Locale.ROOT, "resident memory of the hub, %,d peers: before and after the scrapes", peers),
                rssKib / 1024 + " and " + Figures.rssKib(hub.pid()) / 1024 + " MiB");
    }

    private static void beside(Scene scene, int peers, int perSecond) {
        Report report = scene.trial.report;
        boolean quick = scene.trial.options.quick();
        int seconds = quick ? 3 : 11;
        List<Double> alone = new ArrayList<>();
        List<Double> beside = new ArrayList<>();
        Sample tookS = new Sample();
        long[] counts = new long[3];
        for (int round = 0; round < (quick ? 1 : ROUNDS); round++) {
            alone.add(Flow.paced(scene, seconds, PACED_MBIT).meanMbit());
            beside.add(Flow.paced(scene, seconds, PACED_MBIT).meanMbitBeside(perSecond, () -> {
                counts[0]++;
                Scraped scraped = scrape(scene);
                if (scraped != null) {
                    counts[1]++;
                    counts[2] = scraped.bytes;
                    tookS.add(scraped.seconds);
                }
            }));
        }
        String what =
                String.format(Locale.ROOT, "%d scrapes a second of %,d peers with 5 prefixes each", perSecond, peers);
        report.function(
                what + " (" + counts[2] / 1024 + " KiB): answered",
                "all",
                counts[1] + " of " + counts[0],
                counts[1] == counts[0] && counts[0] > 0);
        report.speed(
                "the slowest of them",
                "≤ 1 s",
                String.format(Locale.ROOT, "%.3f s (median %.3f s)", tookS.max(), tookS.percentile(0.5)),
                tookS.max() <= SCRAPE_MAX_S);
        double kept = Flow.mean(beside) / Flow.mean(alone);
        report.speed(
                "a flow of " + PACED_MBIT + " Mbit/s beside them, of one alone",
                "≥ 95 %",
                String.format(Locale.ROOT, "%.1f %%", 100 * kept),
                kept >= 1 - LOSS_MAX,
                String.format(Locale.ROOT, "%.0f and %.0f Mbit/s", Flow.mean(beside), Flow.mean(alone)));
    }

    private record Scraped(double seconds, long bytes) {}

    /// @return null if it was not answered with 200
    private static @Nullable Scraped scrape(Scene scene) {
        Shell.Result result = scene.hubSpace.run(
                "curl -s -o /dev/null -w %{http_code}_%{time_total}_%{size_download} http://" + LISTEN + "/metrics");
        String[] words = result.output().strip().split("_", -1);
        return result.exitCode() == 0 && words[0].equals("200")
                ? new Scraped(Double.parseDouble(words[1]), Long.parseLong(words[2]))
                : null;
    }
}
