package dev.culvert.bench.faults;

import dev.culvert.bench.generator.PeerKeys;
import dev.culvert.bench.lab.GeneratorProcess;
import dev.culvert.bench.lab.Namespace;
import dev.culvert.bench.lab.Tunnel;
import dev.culvert.bench.lab.Uapi;
import dev.culvert.bench.lab.Waiting;
import dev.culvert.crypto.PrivateKey;
import dev.culvert.crypto.PublicKey;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/// Three namespaces: the hub, a spoke that is a real program, and the generator, which may send from 131,072 addresses.
///
/// ```
///  spoke                        hub                              generator
///  out0 10.201.1.2 ── out0 10.201.1.1   gen0 10.201.2.1 ── gen0 10.201.2.2
///  tunnel 10.77.0.2             tunnel 10.77.0.1                 10.202.0.0/15, all local
///                               10.78.0.0/16 → tunnel            simulated peers: 10.78.x.y
/// ```
final class Scene {
    static final String HUB_TO_SPOKE = "10.201.1.1";
    static final String HUB_TO_GENERATOR = "10.201.2.1";
    static final String SPOKE_OUTER = "10.201.1.2";
    static final String HUB_INNER = "10.77.0.1";
    static final String SPOKE_INNER = "10.77.0.2";
    /// What a flood or a storm comes from.
    static final String FLOOD_PREFIX = "10.202.0.0/16";
    static final String FLOOD_FIRST = "10.202.0.1";
    static final int FLOOD_ADDRESSES = 65_000;
    /// What honest clients come from.
    static final String CLIENT_FIRST = "10.203.0.1";
    static final String SIMULATED_INNER_FIRST = "10.78.0.1";
    static final int PORT = 51820;
    static final int MTU = 1420;

    private static final int SPOKE_NUMBER = 16_001;
    private static final int HUB_NUMBER = 16_002;

    final Trial trial;
    final String run;
    final Namespace hubSpace;
    final Namespace spokeSpace;
    final Namespace generatorSpace;
    final PrivateKey hubKey;
    final PublicKey hubPublicKey;
    private int interfaces;

    Scene(Trial trial) {
        this.trial = trial;
        run = Namespace.freshRun('f');
        hubKey = PeerKeys.of(run, HUB_NUMBER);
        hubPublicKey = hubKey.publicKey();
        hubSpace = trial.add(Namespace.create(run + "-hub"));
        spokeSpace = trial.add(Namespace.create(run + "-spoke"));
        generatorSpace = trial.add(Namespace.create(run + "-gen"));
        trial.add(hubKey);
        hubSpace.link("out0", HUB_TO_SPOKE, spokeSpace, SPOKE_OUTER);
        hubSpace.link("gen0", HUB_TO_GENERATOR, generatorSpace, "10.201.2.2");
        generatorSpace.ip("route add local 10.202.0.0/15 dev lo");
        generatorSpace.ip("route add default via " + HUB_TO_GENERATOR);
        hubSpace.ip("route add 10.202.0.0/15 via 10.201.2.2");
    }

    /// A name that no other interface of the machine has: management sockets share one directory.
    String freshInterface() {
        return run + interfaces++;
    }

    /// Starts the hub's program and brings its interface up, with its key and its port, without peers.
    Tunnel startHub(Map<String, String> environment) {
        String name = freshInterface();
        Tunnel hub = Tunnel.start(trial, hubSpace, name, trial.options.hub(), hubEnvironment(environment));
        configureHub(name);
        return hub;
    }

    /// Another program in the hub's place, after the hub has ended.
    Tunnel startReference() {
        Tunnel other = Tunnel.start(trial, hubSpace, freshInterface(), trial.options.spoke(), Map.of());
        configureHub(other.interfaceName);
        return other;
    }

    Map<String, String> hubEnvironment(Map<String, String> more) {
        Map<String, String> environment = new LinkedHashMap<>();
        environment.put("LOG_LEVEL", trial.options.hubIsCulvert() ? "info" : "error");
        environment.putAll(more);
        return environment;
    }

    void configureHub(String name) {
        Uapi.set(name, "private_key=" + hubKey.toHex() + "\nlisten_port=" + PORT + "\n");
        hubSpace.ip("addr add " + HUB_INNER + "/16 dev " + name);
        hubSpace.ip("link set " + name + " mtu " + MTU + " up");
        hubSpace.ip("route add 10.78.0.0/16 dev " + name);
    }

    /// Starts a real program as a spoke of the hub and waits until it has pinged through.
    Tunnel startSpoke(Tunnel hub, Map<String, String> environment) {
        String name = freshInterface();
        Tunnel spoke = Tunnel.start(trial, spokeSpace, name, trial.options.spoke(), environment);
        PrivateKey key = PeerKeys.of(run, SPOKE_NUMBER);
        Uapi.set(hub.interfaceName, spokeBlock());
        Uapi.set(
                name,
                "private_key=" + key.toHex() + "\npublic_key=" + hubPublicKey.toHex() + "\nendpoint=" + HUB_TO_SPOKE
                        + ":" + PORT + "\nallowed_ip=10.77.0.0/16\nallowed_ip=10.78.0.0/16\n");
        spokeSpace.ip("addr add " + SPOKE_INNER + "/16 dev " + name);
        spokeSpace.ip("link set " + name + " mtu " + MTU + " up");
        Waiting.until(
                "the first ping from the spoke",
                Duration.ofSeconds(15),
                () -> spokeSpace.run("ping -c 1 -W 1 " + HUB_INNER).exitCode() == 0);
        return spoke;
    }

    /// Starts a real program beside the generator that only keeps its session alive: its block for the hub, which
    /// has been given it.
    ///
    /// @param number of its key
    String startIdle(Tunnel hub, int number, String inner, int keepaliveS) {
        String name = freshInterface();
        Tunnel idle = Tunnel.start(trial, generatorSpace, name, trial.options.spoke(), Map.of());
        String block = "public_key=" + simulatedKey(number) + "\nallowed_ip=" + inner + "/32\n";
        Uapi.set(hub.interfaceName, block);
        generatorSpace.ip("link set " + name + " mtu " + MTU + " up");
        Uapi.set(
                idle.interfaceName,
                "private_key=" + PeerKeys.of(run, number).toHex() + "\npublic_key=" + hubPublicKey.toHex()
                        + "\nendpoint="
                        + HUB_TO_GENERATOR + ":" + PORT + "\npersistent_keepalive_interval=" + keepaliveS
                        + "\nallowed_ip=10.77.0.0/16\n");
        Waiting.until(
                "the idle client's first handshake", Duration.ofSeconds(15), () -> Uapi.peersWithHandshake(name) == 1);
        return block;
    }

    /// The spoke as the hub is told of it.
    String spokeBlock() {
        return "public_key=" + PeerKeys.of(run, SPOKE_NUMBER).publicKey().toHex() + "\nallowed_ip=" + SPOKE_INNER
                + "/32\n";
    }

    /// Simulated peers `first` to `first + count - 1`, as the hub is told of them.
    String simulatedBlocks(int first, int count) {
        StringBuilder text = new StringBuilder();
        for (int number = first; number < first + count; number++) {
            text.append(simulatedBlock(number, number - first));
        }
        return text.toString();
    }

    /// @param place by which it has its address after [#SIMULATED_INNER_FIRST]
    String simulatedBlock(int number, int place) {
        int low = place + 1;
        return "public_key=" + simulatedKey(number) + "\nreplace_allowed_ips=true\nallowed_ip=10.78." + (low >> 8) + "."
                + (low & 255) + "/32\n";
    }

    String simulatedKey(int number) {
        return PeerKeys.of(run, number).publicKey().toHex();
    }

    /// What every job of the generator has to know.
    Map<String, Object> job(String job) {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("job", job);
        settings.put("run", run);
        settings.put("hub", HUB_TO_GENERATOR);
        settings.put("port", PORT);
        settings.put("inner", HUB_INNER);
        settings.put("key", hubPublicKey.toBase64());
        settings.put("innerFirst", SIMULATED_INNER_FIRST);
        return settings;
    }

    GeneratorProcess generator(Map<String, ?> settings) {
        return GeneratorProcess.prepare(trial, generatorSpace, settings);
    }

    /// Spares the spoke ARP, which is asked once a second while the hub's link is down and would hide by up to a
    /// second when the hub came back.
    void spokeKnowsLinkAddress() {
        String address = hubSpace.require("cat /sys/class/net/out0/address").strip();
        spokeSpace.ip("neigh replace " + HUB_TO_SPOKE + " lladdr " + address + " dev out0 nud permanent");
    }

    /// Drops everything from the flood's addresses as early as iptables can.
    void dropFlood(boolean drop) {
        hubSpace.require("iptables -w -t raw -" + (drop ? "A" : "D") + " PREROUTING -s " + FLOOD_PREFIX + " -j DROP");
    }
}
