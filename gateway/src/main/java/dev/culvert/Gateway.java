package dev.culvert;

import dev.culvert.cli.GatewayLauncher;
import dev.culvert.cli.GatewayOptions;
import dev.culvert.cli.RunningGateway;
import dev.culvert.conf.HubSettings;
import dev.culvert.conf.PeerJournal;
import dev.culvert.crypto.AeadEngine;
import dev.culvert.crypto.Blake2sMac;
import dev.culvert.crypto.X25519;
import dev.culvert.device.Device;
import dev.culvert.device.DeviceControl;
import dev.culvert.device.DeviceOptions;
import dev.culvert.device.DropReason;
import dev.culvert.tun.LinkWatch;
import dev.culvert.tun.LinuxTun;
import dev.culvert.tun.ProcessGuard;
import dev.culvert.tun.SuspendWatch;
import dev.culvert.uapi.UapiServer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Builds a running gateway in order: TUN, engine, device, link watch, management socket. Everything that is
/// closed is closed here, in the reverse order.
final class Gateway implements RunningGateway {
    private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);
    private static final int CLOSE_TIMEOUT_S = 1;

    private final LinuxTun tun;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final MultiThreadIoEventLoopGroup control;
    private final Device device;
    private final @Nullable PeerJournal journal;
    private final SuspendWatch suspendWatch;
    private final LinkWatch watch;
    private final UapiServer uapi;
    private boolean closed;

    static final GatewayLauncher LAUNCHER = Gateway::new;

    private Gateway(GatewayOptions options) throws IOException {
        if (options.tunFd() != null || options.uapiFd() != null) {
            throw new IOException(
                    "Culvert makes its TUN and its socket itself: start it without WG_TUN_FD and WG_UAPI_FD");
        }
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
            tun = unwind.add(LinuxTun.open(
                    options.interfaceName(),
                    deviceOptions.lanes(),
                    deviceOptions.offloads().tunTcp(),
                    deviceOptions.offloads().tunUdp()));
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
            watch = unwind.add(LinkWatch.start(tun, control.next(), device));
            uapi = unwind.add(UapiServer.start(tun.name(), device, this::drops, ended::countDown));
            unwind.keep();
        }
        LOG.info(
                "{} is ready: {} lanes, engine {}, socket {}",
                tun.name(),
                deviceOptions.lanes(),
                selection.engine().operatorName(),
                uapi.path());
    }

    private static DeviceOptions deviceOptions(GatewayOptions options, AeadEngine engine) {
        DeviceOptions defaults = DeviceOptions.defaults(options.interfaceName(), engine);
        HubSettings file = options.settings();
        return new DeviceOptions(
                options.interfaceName(),
                firstGiven(options.lanes(), file.lanes(), defaults.lanes()),
                firstGiven(options.handshakeWorkers(), file.handshakeWorkers(), defaults.handshakeWorkers()),
                engine,
                file.stagedBytesMax() == 0 ? defaults.stagedBytesMax() : file.stagedBytesMax(),
                file.handshakes(),
                file.offloads());
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
        uapi.close();
        watch.close();
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
