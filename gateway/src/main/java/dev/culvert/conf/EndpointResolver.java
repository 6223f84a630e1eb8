package dev.culvert.conf;

import dev.culvert.device.IpText;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.security.Security;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Resolves endpoints once, as wg(8)'s config.c does (conformance 2.4): "no such name" is final, any other failure
/// is tried again after 1 s, 1.2 s, … 20 s, 15 times unless `WG_ENDPOINT_RESOLUTION_RETRIES` says otherwise.
/// Blocks its caller, and says what it waits for; never called on a lane.
public final class EndpointResolver {
    static final int RETRIES_DEFAULT = 15;
    static final int RETRIES_FOREVER = -1;

    private static final long FIRST_PAUSE_MS = 1_000;
    private static final long PAUSE_MAX_MS = 20_000;

    static {
        // A failed look-up that Java remembers for 10 s would use up the retries, and lose the reason of the failure.
        Security.setProperty("networkaddress.cache.negative.ttl", "0");
    }

    /// The host's resolver.
    @FunctionalInterface
    interface Lookup {
        InetAddress byName(String host) throws UnknownHostException;
    }

    @FunctionalInterface
    interface Pause {
        void sleep(Duration time) throws InterruptedException;
    }

    private final Lookup lookup;
    private final Pause pause;
    private final int retriesMax;
    private final Consumer<String> say;

    EndpointResolver(Lookup lookup, Pause pause, int retriesMax, Consumer<String> say) {
        this.lookup = lookup;
        this.pause = pause;
        this.retriesMax = retriesMax;
        this.say = say;
    }

    /// The host's resolver, with the retries that the environment asks for.
    public static EndpointResolver ofSystem(Consumer<String> say) {
        return new EndpointResolver(
                EndpointResolver::lookUpInterruptibly,
                Thread::sleep,
                retries(System.getenv("WG_ENDPOINT_RESOLUTION_RETRIES")),
                say);
    }

    static int retries(@Nullable String text) {
        if (text == null) {
            return RETRIES_DEFAULT;
        }
        if (text.equals("infinity")) {
            return RETRIES_FOREVER;
        }
        int retries = IpText.parseDecimal(text, 0, text.length(), Integer.MAX_VALUE / 10 - 1);
        return retries < 0 ? RETRIES_DEFAULT : retries;
    }

    /// Every endpoint of the file, each distinct one asked for once.
    ///
    /// @throws IOException with a sentence that names the endpoint
    public Map<EndpointText, InetSocketAddress> resolve(WgQuickFile file) throws IOException, InterruptedException {
        Map<EndpointText, InetSocketAddress> resolved = new HashMap<>();
        Map<String, InetAddress> hosts = new HashMap<>();
        for (WgQuickFile.Peer peer : file.peers()) {
            EndpointText endpoint = peer.endpoint();
            if (endpoint == null || resolved.containsKey(endpoint)) {
                continue;
            }
            InetAddress address = hosts.get(endpoint.host());
            if (address == null) {
                address = resolve(endpoint, file.source());
                hosts.put(endpoint.host(), address);
            }
            resolved.put(endpoint, new InetSocketAddress(address, endpoint.port()));
        }
        return resolved;
    }

    private InetAddress resolve(EndpointText endpoint, String source) throws IOException, InterruptedException {
        InetAddress literal = IpText.parseScoped(endpoint.host());
        if (literal != null) {
            return literal;
        }
        long pauseMs = FIRST_PAUSE_MS;
        for (int tries = 0; ; tries++) {
            try {
                return lookup.byName(endpoint.host());
            } catch (UnknownHostException e) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                String reason = reason(e, endpoint.host());
                String shown = Redaction.quote(endpoint.toString(), endpoint.toString());
                if (isFinal(reason) || retriesMax != RETRIES_FOREVER && tries >= retriesMax) {
                    throw new IOException(source + ": the endpoint " + shown + " cannot be resolved (" + reason
                            + "); check the name and this host's name server, or give an IP address");
                }
                say.accept(String.format(
                        Locale.ROOT, "%s: %s. Trying again in %.2f seconds...", reason, shown, pauseMs / 1000.0));
                pause.sleep(Duration.ofMillis(pauseMs));
                pauseMs = Math.min(PAUSE_MAX_MS, pauseMs * 6 / 5);
            }
        }
    }

    /// The JDK's message is the host, a colon, and what getaddrinfo(3) said.
    static String reason(UnknownHostException e, String host) {
        String message = String.valueOf(e.getMessage());
        return message.startsWith(host + ": ") ? message.substring(host.length() + 2) : message;
    }

    /// EAI_NONAME, EAI_NODATA and EAI_FAIL in glibc's and musl's words.
    private static boolean isFinal(String reason) {
        String text = reason.toLowerCase(Locale.ROOT);
        return text.contains("not known")
                || text.contains("no address associated")
                || text.contains("does not resolve")
                || text.contains("has no address")
                || text.contains("non-recoverable")
                || text.contains("no such interface");
    }

    /// getaddrinfo(3) blocks for many seconds and does not end on an interrupt: a thread of its own waits for it,
    /// so that Ctrl-C works.
    private static InetAddress lookUpInterruptibly(String host) throws UnknownHostException {
        FutureTask<InetAddress> answer = new FutureTask<>(() -> InetAddress.getByName(host));
        Thread.ofPlatform().daemon().name("resolve-endpoint").start(answer);
        try {
            return answer.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnknownHostException(host + ": interrupted");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UnknownHostException unknown) {
                throw unknown;
            }
            throw new UnknownHostException(host + ": " + e.getCause());
        }
    }
}
