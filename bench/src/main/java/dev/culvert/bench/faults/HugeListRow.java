package dev.culvert.bench.faults;

import dev.culvert.bench.lab.Figures;
import dev.culvert.bench.lab.Tunnel;
import java.nio.file.Path;
import java.util.Locale;

/// L3: a hundred thousand prefixes on one peer, and a million peers. The million is Culvert's alone:
/// wireguard-go would need 25 GB.
final class HugeListRow implements FaultRow {
    private static final int PREFIXES = 100_000;
    private static final int PREFIXES_QUICK = 5000;
    private static final int FEW = 1000;
    private static final int MANY = 1_000_000;
    private static final int MANY_QUICK = 20_000;
    private static final int TIMES = 3;
    private static final int SETS = 21;
    private static final double SLOWER_MAX = 2;

    @Override
    public String id() {
        return "L3";
    }

    @Override
    public String title() {
        return "very many prefixes, and very many peers";
    }

    @Override
    public int seconds(Options options) {
        return options.quick() ? 20 : 90;
    }

    @Override
    public void run(Trial trial) {
        Scene scene = new Scene(trial);
        WgTool wg = trial.add(new WgTool());
        PeerFiles files = trial.add(new PeerFiles(scene));
        prefixes(scene, wg, files);
        if (trial.options.hubIsCulvert()) {
            peers(scene, wg, files);
        }
    }

    private static void prefixes(Scene scene, WgTool wg, PeerFiles files) {
        Report report = scene.trial.report;
        int count = scene.trial.options.quick() ? PREFIXES_QUICK : PREFIXES;
        Path one = files.peers(1, -1);
        Path list = files.prefixes(7, count);
        Path another = files.prefixes(8, count);
        ListHub[] both = {ListHub.tested(scene, wg), ListHub.reference(scene, wg)};
        boolean right = true;
        for (int round = 0; round < TIMES; round++) {
            for (ListHub hub : both) {
                Tunnel tunnel = hub.start(one);
                String name = tunnel.interfaceName;
                hub.add("set", wg.ms("setconf", name, list.toString()) / 1000);
                hub.add("get", wg.ms("show", name, "allowed-ips") / 1000);
                right &= wg.words() == 1 + count; // the key and its prefixes
                hub.add("again", wg.ms("syncconf", name, list.toString()) / 1000);
                hub.add("move", wg.ms("addconf", name, another.toString()) / 1000);
                wg.ms("show", name, "allowed-ips");
                right &= wg.words() == 1 + 1 + 1 + count; // `(none)` for the one that has lost them
                hub.add("remove", wg.ms("set", name, "peer", PeerFiles.key(8), "remove") / 1000);
                wg.ms("show", name, "allowed-ips");
                right &= wg.words() == 2;
                tunnel.close();
            }
        }
        String of = String.format(Locale.ROOT, "%,d prefixes on one peer: ", count);
        report.function(of + "set, shown, moved, removed", "each of them", right ? "each of them" : "not all", right);
        state(report, both, "set", of + "`wg setconf`");
        state(report, both, "get", of + "`wg show`");
        state(report, both, "again", of + "`wg syncconf` without a change");
        state(report, both, "move", of + "all moved to another peer");
        state(report, both, "remove", of + "the peer removed");
    }

    private static void state(Report report, ListHub[] both, String what, String shown) {
        report.state(
                shown,
                ListHub.text(both[0].median(what), "s") + "; " + both[1].name() + " "
                        + ListHub.text(both[1].median(what), "s"));
    }

    private static void peers(Scene scene, WgTool wg, PeerFiles files) {
        Report report = scene.trial.report;
        int count = scene.trial.options.quick() ? MANY_QUICK : MANY;
        Path few = files.peers(FEW, -1);
        Path many = files.peers(count, -1);
        ListHub hub = ListHub.tested(scene, wg);
        Tunnel tunnel = hub.start(files.peers(1, -1));
        String name = tunnel.interfaceName;
        long before = Figures.rssKib(tunnel.pid());
        wg.ms("setconf", name, few.toString());
        hub.timeSets("warm", tunnel, SETS);
        hub.timeSets("few", tunnel, SETS);
        String of = String.format(Locale.ROOT, "%,d peers: ", count);
        double loadS = wg.ms("setconf", name, many.toString()) / 1000;
        long rss = Figures.rssKib(tunnel.pid());
        report.state(of + "`wg setconf`", ListHub.text(loadS, "s"));
        report.state(
                of + "RSS",
                ListHub.text(rss / 1024.0, "MiB") + ", " + ListHub.text((double) (rss - before) / count, "KiB each"));
        hub.timeSets("many", tunnel, SETS);
        double slower = hub.median("many") / hub.median("few");
        report.speed(
                of + "`wg set IF peer`, against " + FEW + " peers",
                "≤ " + SLOWER_MAX + " times",
                String.format(Locale.ROOT, "%.2f times", slower),
                slower <= SLOWER_MAX,
                ListHub.text(hub.median("many"), "ms") + " after " + ListHub.text(hub.median("few"), "ms")
                        + "; the greatest " + ListHub.text(hub.of("many").max(), "ms") + " after "
                        + ListHub.text(hub.of("few").max(), "ms"));
        report.state(of + "`wg show IF dump`", ListHub.text(wg.ms("show", name, "dump") / 1000, "s"));
    }
}
