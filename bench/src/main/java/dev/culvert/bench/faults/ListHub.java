package dev.culvert.bench.faults;

import dev.culvert.bench.generator.Sample;
import dev.culvert.bench.lab.Namespace;
import dev.culvert.bench.lab.Tunnel;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// One of the two programs that rows with long lists compare, and what was measured of it.
final class ListHub {
    private final Scene scene;
    private final Namespace namespace;
    private final List<String> command;
    private final WgTool wg;
    private final Map<String, Sample> samples = new LinkedHashMap<>();
    private int sets;

    private ListHub(Scene scene, Namespace namespace, List<String> command, WgTool wg) {
        this.scene = scene;
        this.namespace = namespace;
        this.command = command;
        this.wg = wg;
    }

    /// The hub under test.
    static ListHub tested(Scene scene, WgTool wg) {
        return new ListHub(scene, scene.hubSpace, scene.trial.options.hub(), wg);
    }

    /// The program that is called as a spoke elsewhere, measured beside it.
    static ListHub reference(Scene scene, WgTool wg) {
        return new ListHub(scene, scene.spokeSpace, scene.trial.options.spoke(), wg);
    }

    String name() {
        return programOf(command);
    }

    static String programOf(List<String> command) {
        return String.valueOf(Path.of(command.getFirst()).getFileName());
    }

    /// Starts the program with one peer and its link up.
    Tunnel start(Path onePeer) {
        String interfaceName = scene.freshInterface();
        Tunnel tunnel = Tunnel.start(
                scene.trial,
                namespace,
                interfaceName,
                command,
                command.equals(scene.trial.options.hub()) ? scene.hubEnvironment(Map.of()) : Map.of());
        wg.ms("setconf", interfaceName, onePeer.toString());
        namespace.ip("link set " + interfaceName + " mtu " + Scene.MTU + " up");
        return tunnel;
    }

    void add(String what, double figure) {
        samples.computeIfAbsent(what, key -> new Sample()).add(figure);
    }

    /// Gives a peer of its own another address.
    void timeSets(String what, Tunnel tunnel, int times) {
        for (int i = 0; i < times; i++) {
            String address = "192.168.1." + (sets++ & 255);
            add(what, wg.ms("set", tunnel.interfaceName, "peer", PeerFiles.key(-1), "allowed-ips", address));
        }
    }

    Sample of(String what) {
        return samples.getOrDefault(what, new Sample());
    }

    double median(String what) {
        return of(what).percentile(0.5);
    }

    /// One line of the table: the median against its target, and the slowest; the same of the reference beside
    /// it.
    ///
    /// @param max of the median
    void judge(String what, String shown, double max, String unit, ListHub reference) {
        scene.trial.report.speed(
                shown,
                "≤ " + text(max, unit),
                text(median(what), unit),
                median(what) <= max,
                "median of " + of(what).count() + ", the greatest " + text(of(what).max(), unit) + "; "
                        + reference.name() + " " + text(reference.median(what), unit) + ", the greatest "
                        + text(reference.of(what).max(), unit));
    }

    static String text(double figure, String unit) {
        return String.format(Locale.ROOT, figure >= 100 ? "%,.0f %s" : "%.2f %s", figure, unit);
    }
}
