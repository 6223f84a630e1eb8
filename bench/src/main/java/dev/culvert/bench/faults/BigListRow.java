package dev.culvert.bench.faults;

import dev.culvert.bench.lab.Figures;
import dev.culvert.bench.lab.Tunnel;
import dev.culvert.bench.lab.Uapi;
import dev.culvert.bench.lab.Waiting;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;

/// L1: fifty thousand idle peers, each with a /32 and a /128, configured by wg(8); wireguard-go in turn with
/// the hub, in a namespace of its own. Memory is the growth of RSS after one peer, a minute after the list was
/// loaded, with nothing done to make the program give any back.
final class BigListRow implements FaultRow {
    private static final int PEERS = 50_000;
    private static final int PEERS_QUICK = 2000;
    private static final int ROUNDS = 3;
    private static final int SETTLE_S = 60;
    private static final int TIMES = 3;
    private static final int SETS = 10;
    private static final int GETS_PER_SECOND = 10;
    private static final int SETS_DURING_GETS = 40;
    private static final double SETS_PER_SECOND_DURING_GETS = 10;

    private static final String SETCONF = "setconf";
    private static final String MEMORY = "memory";
    private static final String SHOW = "show";
    private static final String SET = "set";
    private static final String SYNCCONF = "syncconf";
    private static final String SET_DURING_GETS = "set during gets";
    private static final String RSS = "rss";

    @Override
    public String id() {
        return "L1";
    }

    @Override
    public String title() {
        return "a long list of peers";
    }

    @Override
    public int seconds(Options options) {
        return options.quick() ? 40 : ROUNDS * 95;
    }

    @Override
    public void run(Trial trial) {
        boolean quick = trial.options.quick();
        int peers = quick ? PEERS_QUICK : PEERS;
        Scene scene = new Scene(trial);
        WgTool wg = trial.add(new WgTool());
        PeerFiles files = trial.add(new PeerFiles(scene));
        Path one = files.peers(1, -1);
        Path all = files.peers(peers, -1);
        Path changed = files.peers(peers, peers / 2);
        ListHub hub = ListHub.tested(scene, wg);
        ListHub reference = ListHub.reference(scene, wg);
        for (int round = 0; round < (quick ? 1 : ROUNDS); round++) {
            ListHub[] both = {hub, reference};
            Tunnel[] tunnels = new Tunnel[both.length];
            long[] before = new long[both.length];
            for (int i = 0; i < both.length; i++) {
                tunnels[i] = both[i].start(one);
                Waiting.seconds(1);
                before[i] = Figures.rssKib(tunnels[i].pid());
                both[i].add(SETCONF, wg.ms("setconf", tunnels[i].interfaceName, all.toString()) / 1000);
            }
            Waiting.seconds(quick ? 1 : SETTLE_S);
            for (int i = 0; i < both.length; i++) {
                both[i].add(RSS, Figures.rssKib(tunnels[i].pid()) / 1024.0);
                both[i].add(MEMORY, (double) (Figures.rssKib(tunnels[i].pid()) - before[i]) / peers);
                measure(both[i], tunnels[i], wg, all, changed);
                tunnels[i].close();
            }
        }
        judge(trial, peers, hub, reference);
    }

    private static void measure(ListHub hub, Tunnel tunnel, WgTool wg, Path all, Path changed) {
        String name = tunnel.interfaceName;
        for (int i = 0; i < TIMES; i++) {
            hub.add(SHOW, wg.ms("show", name, "dump") / 1000);
        }
        hub.timeSets(SET, tunnel, SETS);
        for (int i = 0; i < TIMES; i++) {
            hub.add(SYNCCONF, wg.ms("syncconf", name, (i % 2 == 0 ? changed : all).toString()) / 1000);
        }
        try (Gets gets = new Gets(name)) {
            for (int i = 0; i < SETS_DURING_GETS; i++) {
                hub.timeSets(SET_DURING_GETS, tunnel, 1);
                Waiting.seconds(1 / SETS_PER_SECOND_DURING_GETS);
            }
            hub.add("gets", gets.perSecond());
        }
    }

    private static void judge(Trial trial, int peers, ListHub hub, ListHub reference) {
        String of = String.format(Locale.ROOT, "%,d peers, ", peers);
        hub.judge(SETCONF, of + "`wg setconf`", 1.5, "s", reference);
        hub.judge(MEMORY, of + "RSS a minute later, more than with one, each", 2, "KiB", reference);
        hub.judge(SHOW, of + "`wg show IF dump`", 0.35, "s", reference);
        hub.judge(SET, of + "`wg set IF peer`", 15, "ms", reference);
        hub.judge(SYNCCONF, of + "`wg syncconf` with one change", 0.6, "s", reference);
        hub.judge(SET_DURING_GETS, of + "`wg set IF peer` during ten gets a second", 15, "ms", reference);
        trial.report.state(
                of + "gets done meanwhile",
                ListHub.text(hub.median("gets"), "a second") + "; " + reference.name() + " "
                        + ListHub.text(reference.median("gets"), "a second"));
        trial.report.state(
                of + "RSS, a minute after the load",
                ListHub.text(hub.median(RSS), "MiB") + "; " + reference.name() + " "
                        + ListHub.text(reference.median(RSS), "MiB"));
    }

    /// Somebody who reads the whole state ten times a second, as a monitor might, and does nothing with it.
    private static final class Gets implements AutoCloseable {
        private static final byte[] END = "\nerrno=0\n\n".getBytes(StandardCharsets.US_ASCII);

        private final Thread thread;
        private final long startNs = System.nanoTime();
        private final AtomicInteger done = new AtomicInteger();
        private volatile boolean closed;

        Gets(String interfaceName) {
            thread = Thread.ofPlatform().daemon().name("gets").start(() -> run(interfaceName));
        }

        private void run(String interfaceName) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
            while (!closed) {
                try {
                    get(interfaceName, buffer);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                long dueNs = startNs + done.incrementAndGet() * 1_000_000_000L / GETS_PER_SECOND;
                Waiting.seconds((dueNs - System.nanoTime()) / 1e9);
            }
        }

        private static void get(String interfaceName, ByteBuffer buffer) throws IOException {
            try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                channel.connect(UnixDomainSocketAddress.of(Uapi.socketOf(interfaceName)));
                channel.write(ByteBuffer.wrap("get=1\n\n".getBytes(StandardCharsets.US_ASCII)));
                byte[] last = new byte[END.length];
                while (!Arrays.equals(last, END)) {
                    if (channel.read(buffer.clear()) < 0) {
                        throw new IOException("a get ended too early");
                    }
                    int from = Math.max(0, buffer.position() - END.length);
                    int tail = buffer.position() - from;
                    System.arraycopy(last, tail, last, 0, END.length - tail);
                    buffer.get(from, last, END.length - tail, tail);
                }
            }
        }

        double perSecond() {
            return done.get() * 1e9 / (System.nanoTime() - startNs);
        }

        @Override
        public void close() {
            closed = true;
            try {
                thread.join(10_000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
