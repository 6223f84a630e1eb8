package dev.culvert.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A virtual machine with a real kernel's WireGuard (`gateway/src/test/kernel/guest`), one cable away from a
/// namespace.
/// Made once for a test class; ends with it.
final class KernelGuest implements AutoCloseable {
    static final String ADDRESS_4 = "172.31.0.2";
    static final String ADDRESS_6 = "fd31::2";
    static final String INNER_4 = "10.9.0.2";
    static final String INNER_6 = "fd09::2";

    private static final Duration BUILD_LIMIT = Duration.ofMinutes(5);
    private static final Duration BOOT_LIMIT = Duration.ofMinutes(2);
    private static final Duration COMMAND_LIMIT = Duration.ofSeconds(60);
    private static final String TAP = "tap0";

    private final Namespace namespace;
    private final Process machine;
    private final Path console;

    private KernelGuest(Namespace namespace, Process machine, Path console) {
        this.namespace = namespace;
        this.machine = machine;
        this.console = console;
    }

    /// Boots it and waits until it is ready; the namespace's end of the cable has 172.31.0.1 and fd31::1.
    static KernelGuest start(Namespace namespace) {
        Path script = Repository.root().resolve("gateway/src/test/kernel/guest");
        Path directory = Repository.root().resolve("gateway/target/kernel-guest");
        Command.run(BUILD_LIMIT, "", List.of(script.toString(), "build", directory.toString()))
                .required();
        namespace.ip("tuntap add " + TAP + " mode tap vnet_hdr");
        Network.addAddresses(namespace, TAP, "172.31.0.1/24", "fd31::1/64");
        namespace.ip("link set " + TAP + " up");
        try {
            Files.createDirectories(Repository.logDirectory());
            Path console = Repository.logDirectory().resolve(namespace.name() + "-kernel-guest.log");
            Process machine = new ProcessBuilder(
                            namespace.inside(List.of(script.toString(), "boot", directory.toString(), TAP)))
                    .redirectErrorStream(true)
                    .redirectOutput(Redirect.to(console.toFile()))
                    .start();
            KernelGuest guest = new KernelGuest(namespace, machine, console);
            Await.until(() -> "the guest\n" + guest.console(), BOOT_LIMIT, guest::isReady);
            return guest;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean isReady() {
        if (!machine.isAlive()) {
            throw new AssertionError("the guest did not start\n" + console());
        }
        return console().contains("guest: READY");
    }

    private String console() {
        try {
            return Files.readString(console);
        } catch (IOException e) {
            return console + " cannot be read: " + e.getMessage();
        }
    }

    /// Runs lines of bash in the guest.
    ///
    /// @return what they printed; a line that fails fails the test
    String run(String lines) {
        String output = Command.run(
                        COMMAND_LIMIT,
                        "set -e\n" + lines + "\necho guest-done\nexit\n",
                        namespace.inside(
                                List.of("socat", "-t", "60", "-", "TCP:" + ADDRESS_4 + ":2323,retry=50,interval=0.2")))
                .output();
        if (!output.endsWith("guest-done\n")) {
            throw new AssertionError("in the guest:\n" + lines + "\nprinted:\n" + output);
        }
        return output.substring(0, output.length() - "guest-done\n".length());
    }

    /// `wg setconf wg0`.
    void setconf(String configuration) {
        run("cat >/tmp/wg0.conf <<'CONF'\n" + configuration + "CONF\nwg setconf wg0 /tmp/wg0.conf");
    }

    /// The word after the peer's key in what `wg show wg0 WHAT` prints.
    String show(String what) {
        String line = run("wg show wg0 " + what).strip();
        return line.substring(line.indexOf('\t') + 1);
    }

    @Override
    public void close() {
        machine.destroy();
        try {
            if (!machine.waitFor(5, TimeUnit.SECONDS)) {
                machine.destroyForcibly();
            }
        } catch (InterruptedException e) {
            machine.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
