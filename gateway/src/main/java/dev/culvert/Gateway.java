package dev.culvert;

import dev.culvert.admin.AdminOptions;
import dev.culvert.admin.AdminServer;
import dev.culvert.cli.GatewayLauncher;
import dev.culvert.cli.GatewayOptions;
import dev.culvert.cli.RunningGateway;
import dev.culvert.conf.AdminSettings;
import dev.culvert.conf.EventSettings;
import dev.culvert.conf.HubSettings;
import dev.culvert.conf.ListenAddress;
import dev.culvert.conf.PeerJournal;
import dev.culvert.crypto.AeadEngine;
import dev.culvert.crypto.Blake2sMac;
import dev.culvert.crypto.X25519;
import dev.culvert.device.Device;
import dev.culvert.device.DeviceControl;
import dev.culvert.device.DeviceOptions;
import dev.culvert.device.DropReason;
import dev.culvert.device.EventKind;
import dev.culvert.device.Forwarding;
import dev.culvert.events.EventOptions;
import dev.culvert.events.EventSinks;
import dev.culvert.metrics.PeerSeries;
import dev.culvert.tun.LinkWatch;
import dev.culvert.tun.LinuxTun;
import dev.culvert.tun.ListeningSocket;
import dev.culvert.tun.NotifySocket;
import dev.culvert.tun.ProcessGuard;
import dev.culvert.tun.SuspendWatch;
import dev.culvert.tun.Tun;
import dev.culvert.uapi.UapiServer;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/// Builds a running gateway in order: TUN, engine, device, link watch, management socket. Everything that is
/// closed is closed here, in the reverse order.
final class Gateway implements RunningGateway {
    private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);
    private static final int CLOSE_TIMEOUT_S = 1;
    private static final String JOURNAL_SOCKET = "/run/systemd/journal/socket";

    private final Tun tun;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final MultiThreadIoEventLoopGroup control;
    private final Device device;
    private final @Nullable PeerJournal journal;
    private final SuspendWatch suspendWatch;
    private final @Nullable LinkWatch watch;
    private final UapiServer uapi;
    private final @Nullable EventSinks sinks;
    private final @Nullable AdminServer admin;
    private final ServiceNotices notices = ServiceNotices.ofEnvironment();
    private boolean closed;

    static final GatewayLauncher LAUNCHER = Gateway::new;

    private Gateway(GatewayOptions options) throws IOException {
        ProcessGuard.forbidCoreDumps();
        AeadEngine.Selection selection =
                AeadEngine.select(options.engine().name().toLowerCase(Locale.ROOT), CpuFlags.hasAvx512Ifma());
        selection.skipped().forEach(reason -> LOG.info("engine skipped: {}", reason));
        Stream.of(X25519.trouble(), Blake2sMac.trouble())
                .filter(trouble -> !trouble.isEmpty())
                .distinct()
                .forEach(trouble -> LOG.warn("handshakes are computed in Java, which is slower: {}", trouble));
        DeviceOptions deviceOptions = deviceOptions(options, selection.engine());
        try (Unwind unwind = new Unwind()) {
            tun = unwind.add(tun(options, deviceOptions));
            SecureRandom random = new SecureRandom();
            device = unwind.add(
                    Device.start(deviceOptions, tun, SystemClock.INSTANCE, random::nextBytes, ended::countDown));
            Path journalFile = options.journal();
            journal = journalFile == null ? null : unwind.add(PeerJournal.open(journalFile));
            if (journal != null) {
                device.remember(journal.peers());
                journal.follow(device, tun.name());
            }
            control = new MultiThreadIoEventLoopGroup(
                    1, new DefaultThreadFactory(tun.name() + "-control", true), EpollIoHandler.newFactory());
            unwind.add(() -> control.shutdownGracefully(0, CLOSE_TIMEOUT_S, TimeUnit.SECONDS)
                    .syncUninterruptibly());
            suspendWatch = unwind.add(SuspendWatch.start(control.next(), device::suspended));
            if (tun instanceof LinuxTun link) {
                watch = unwind.add(LinkWatch.start(link, control.next(), device));
            } else {
                watch = null;
                device.changed(tun.up(), tun.mtu());
            }
            uapi = unwind.add(uapi(options));
            sinks = sinks(options.settings().events());
            if (sinks != null) {
                unwind.add(sinks);
            }
            admin = admin(options);
            unwind.keep();
        }
        LOG.info(
                "{} is ready: {} lanes, engine {}, socket {}",
                tun.name(),
                deviceOptions.lanes(),
                selection.engine().operatorName(),
                uapi.path());
        if (!deviceOptions.cpus().isEmpty()) {
            LOG.info(
                    "{}: its lanes are bound to CPUs {}",
                    tun.name(),
                    deviceOptions.cpus().subList(0, deviceOptions.lanes()));
        }
        if (deviceOptions.forwarding() == Forwarding.DIRECT) {
            LOG.info("{}: packets between peers do not pass the host's firewall (forwarding: direct)", tun.name());
        }
    }

    private static Tun tun(GatewayOptions options, DeviceOptions device) throws IOException {
        Integer fd = options.tunFd();
        if (options.rehearsal() != null) {
            return RehearsalTun.open(options.interfaceName(), device.lanes());
        }
        boolean tcp = device.offloads().tunTcp();
        boolean udp = device.offloads().tunUdp();
        if (fd != null) {
            return LinuxTun.adopt(fd, tcp, udp);
        }
        LinuxTun link = LinuxTun.open(options.interfaceName(), device.lanes(), tcp, udp);
        HubSettings.Steering steering = options.settings().steering();
        if (steering != HubSettings.Steering.KERNEL && device.lanes() > 1) {
            steer(link, steering == HubSettings.Steering.EBPF ? Level.WARN : Level.INFO);
        }
        return link;
    }

    /// @param refused how to tell that the kernel does not allow it
    private static void steer(LinuxTun link, Level refused) {
        try {
            link.steerByDestination();
            LOG.info("{}: packets of the host are steered to their lane by eBPF", link.name());
        } catch (IOException e) {
            LOG.atLevel(refused)
                    .log(
                            "{}: packets of the host come out at the lane that the kernel chooses, and may overtake each"
                                    + " other after a pause: {}",
                            link.name(),
                            e.getMessage());
        }
    }

    private UapiServer uapi(GatewayOptions options) throws IOException {
        Integer fd = options.uapiFd();
        Path rehearsal = options.rehearsal();
        if (rehearsal != null) {
            return UapiServer.start(rehearsal, tun.name(), device, this::drops, ended::countDown);
        }
        if (fd == null) {
            return UapiServer.start(tun.name(), device, this::drops, ended::countDown);
        }
        ListeningSocket.toStandardInput(fd);
        return UapiServer.adopt(tun.name(), device, this::drops, ended::countDown);
    }

    /// Null if it is off, or if nobody asked for it and its port is taken: by the hub of another interface,
    /// mostly.
    private @Nullable AdminServer admin(GatewayOptions options) throws IOException {
        ListenAddress address = options.admin();
        if (address == null) {
            return null;
        }
        AdminSettings settings = options.settings().admin();
        AdminOptions asked = new AdminOptions(
                address.host(),
                address.port(),
                file(settings.tlsCertificate()),
                file(settings.tlsKey()),
                file(settings.tokenFile()),
                new PeerSeries.Options(settings.peersMax(), settings.mindflavor()));
        if (!address.isLoopback() && asked.tokenFile() == null) {
            LOG.warn(
                    "{} serves metrics to whoever reaches {}; `token-file` under `admin` in its settings would ask for a"
                            + " token",
                    tun.name(),
                    address.host());
        }
        try {
            return AdminServer.start(asked, tun.name(), device, this::meters);
        } catch (IOException e) {
            if (!address.byDefault()) {
                throw e;
            }
            LOG.warn("{} has no metrics: {}", tun.name(), e.getMessage());
            return null;
        }
    }

    /// Null if events go nowhere; `culvert events` asks the device itself.
    private @Nullable EventSinks sinks(EventSettings settings) throws IOException {
        if (!settings.any()) {
            return null;
        }
        Path tokenFile = file(settings.webhookTokenFile());
        if (tokenFile != null && !Files.isReadable(tokenFile)) {
            throw new IOException("the webhook's token-file " + tokenFile + " cannot be read");
        }
        return EventSinks.start(
                tun.name(),
                device.events(),
                new EventOptions(
                        settings.stdout() ? System.out::println : null,
                        settings.journal() ? Gateway::toJournal : null,
                        file(settings.file()),
                        settings.webhook().isEmpty() ? null : URI.create(settings.webhook()),
                        tokenFile,
                        settings.kinds()));
    }

    private static void toJournal(String message) throws IOException {
        try {
            new NotifySocket(JOURNAL_SOCKET).send(message);
        } catch (IOException e) {
            throw new IOException("events do not reach the journal at " + JOURNAL_SOCKET + ": " + e.getMessage(), e);
        }
    }

    /// Of the journal of peers and of events; the device's own are the admin server's.
    private void meters(MeterRegistry registry) {
        Gauge.builder("culvert.steering", () -> 1)
                .tags("device", tun.name(), "steering", device.traits().getOrDefault("steering", ""))
                .description("How packets of the host find their lane")
                .register(registry);
        for (EventKind kind : EventKind.values()) {
            FunctionCounter.builder("culvert.events", kind, device.events()::made)
                    .tags("device", tun.name(), "event", kind.label())
                    .description("Events, by kind")
                    .register(registry);
            FunctionCounter.builder("culvert.events.suppressed", kind, device.events()::keptBack)
                    .tags("device", tun.name(), "event", kind.label())
                    .description("Events that the rate limit kept back, by kind")
                    .register(registry);
        }
        EventSinks all = sinks;
        if (all != null) {
            for (String sink : all.names()) {
                FunctionCounter.builder("culvert.event.sink.failures", sink, all::failures)
                        .tags("device", tun.name(), "sink", sink)
                        .description("How often a sink did not take events; a webhook is tried again")
                        .register(registry);
                FunctionCounter.builder("culvert.event.sink.lost", sink, all::lost)
                        .tags("device", tun.name(), "sink", sink)
                        .description("Events that never reached a sink")
                        .register(registry);
            }
        }
        if (journal != null) {
            FunctionCounter.builder("culvert.journal.errors", journal, PeerJournal::errors)
                    .tag("device", tun.name())
                    .description("How often the journal of peers could not be written")
                    .register(registry);
        }
    }

    private static @Nullable Path file(String name) {
        return name.isEmpty() ? null : Path.of(name);
    }

    private static DeviceOptions deviceOptions(GatewayOptions options, AeadEngine engine) throws IOException {
        DeviceOptions defaults = DeviceOptions.defaults(options.interfaceName(), engine);
        HubSettings file = options.settings();
        List<Integer> cpus = options.cpus().isEmpty() ? file.cpus() : options.cpus();
        int byDefault = cpus.isEmpty() ? defaults.lanes() : Math.min(cpus.size(), DeviceOptions.LANES_MAX);
        int lanes = firstGiven(options.lanes(), file.lanes(), options.tunFd() == null ? byDefault : 1);
        if (!cpus.isEmpty() && lanes > cpus.size()) {
            throw new IOException("there are " + lanes + " lanes, but `cpus` names " + cpus.size()
                    + " CPUs: name one for each lane, or leave the number of lanes out");
        }
        if (options.tunFd() != null && lanes > 1) {
            throw new IOException(
                    "WG_TUN_FD is one queue, which has one lane: leave the number of lanes out, or set 1");
        }
        return new DeviceOptions(
                options.interfaceName(),
                lanes,
                firstGiven(options.handshakeWorkers(), file.handshakeWorkers(), defaults.handshakeWorkers()),
                engine,
                file.stagedBytesMax() == 0 ? defaults.stagedBytesMax() : file.stagedBytesMax(),
                file.handshakes(),
                file.offloads(),
                file.forwarding(),
                cpus,
                TimeUnit.MICROSECONDS.toNanos(file.busyPollUs()));
    }

    /// The command line goes before the file, and the file before the default; 0 is not given.
    private static int firstGiven(int option, int file, int byDefault) {
        return option != 0 ? option : file != 0 ? file : byDefault;
    }

    /// Reason to count over all lanes and workers; reasons that never happened are left out.
    private Map<String, Long> drops() {
        Map<String, Long> sums = new LinkedHashMap<>();
        for (DropReason reason : DropReason.values()) {
            long sum = device.counters().stream()
                    .mapToLong(counters -> counters.drops(reason))
                    .sum();
            if (sum != 0) {
                sums.put(reason.label(), sum);
            }
        }
        return sums;
    }

    @Override
    public DeviceControl device() {
        return device;
    }

    @Override
    public void announce(State state) {
        notices.announce(state, device);
    }

    @Override
    public String interfaceName() {
        return tun.name();
    }

    @Override
    public void awaitEnd() throws InterruptedException {
        ended.await();
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        ended.countDown();
        notices.close();
        if (admin != null) {
            admin.close();
        }
        uapi.close();
        if (sinks != null) {
            sinks.close();
        }
        if (watch != null) {
            watch.close();
        }
        suspendWatch.close();
        control.shutdownGracefully(0, CLOSE_TIMEOUT_S, TimeUnit.SECONDS).syncUninterruptibly();
        if (journal != null) {
            journal.close();
        }
        device.close();
        tun.close();
        LOG.info("{} has ended", tun.name());
    }
}
