package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.tun.DescriptorHandOver;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// `culvert IFNAME` as wg-quick(8) calls it (conformance 2.1): it detaches when link and socket are there, says in
/// one sentence why it does not, starts with and without its archive, and takes over descriptors that it is given.
@DisabledIfSystemProperty(named = "culvert.it.implementation", matches = "wireguard-go")
@ExtendWith(LogsOnFailure.class)
@Timeout(90)
final class StartIT {
    private static final Duration END_LIMIT = Duration.ofSeconds(5);

    private final Network network = new Network();
    private final Namespace namespace = network.namespace("n");
    private final String link = network.name("t");

    @AfterEach
    void close() {
        network.close();
    }

    /// What may lie in the archive's place.
    enum Archive {
        FITTING(true),
        NONE(true),
        TRUNCATED(false),
        EMPTY(false),
        NO_ARCHIVE_AT_ALL(false),
        OF_ANOTHER_JDK(false),
        OF_ANOTHER_JAR(false);

        /// Whether there is nothing to be said about it.
        final boolean silent;

        Archive(boolean silent) {
            this.silent = silent;
        }

        void prepare(Path jar, Path archive) throws IOException {
            switch (this) {
                case FITTING -> {}
                case NONE -> Files.delete(archive);
                case TRUNCATED -> resize(archive, Files.size(archive) / 2);
                case EMPTY -> resize(archive, 0);
                case NO_ARCHIVE_AT_ALL -> Files.writeString(archive, "no archive\n".repeat(1000));
                case OF_ANOTHER_JDK -> renameJdk(archive);
                case OF_ANOTHER_JAR -> Files.setLastModifiedTime(jar, FileTime.fromMillis(1_700_000_000_000L));
            }
        }

        private static void resize(Path file, long bytes) throws IOException {
            try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
                open.setLength(bytes);
            }
        }

        /// The JVM's name for itself stands in the header.
        private static void renameJdk(Path archive) throws IOException {
            try (RandomAccessFile open = new RandomAccessFile(archive.toFile(), "rw")) {
                byte[] header = new byte[4096];
                open.readFully(header);
                int at = new String(header, StandardCharsets.ISO_8859_1).indexOf("64-Bit Server VM");
                assertThat(at).as("the JVM's name in the header").isPositive();
                open.seek(at);
                open.write("64-Bit Serve2 VM".getBytes(StandardCharsets.ISO_8859_1));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void startsWhateverTheArchiveIs(Archive archive) throws IOException {
        Path launcher = install();
        Path jar = network.directory().resolve("lib/culvert/culvert.jar");
        archive.prepare(jar, jar.resolveSibling("culvert.aot"));
        Command start = start(launcher.toString(), Map.of());
        assertThat(start.exitCode()).as(start.output()).isZero();
        requireServed();
        if (archive.silent) {
            assertThat(start.output()).isEmpty();
        } else {
            assertThat(start.output())
                    .startsWith("culvert: the archive ")
                    .endsWith("`culvert rehearse` makes it anew\n")
                    .hasLineCount(1);
        }
        requireEnd();
    }

    /// bin/culvert beside lib/culvert, as packages have it, with times kept.
    private Path install() throws IOException {
        Path target = Repository.root().resolve("gateway/target");
        Path library = network.directory().resolve("lib/culvert");
        Files.createDirectories(library.resolve("lib"));
        Files.createDirectories(network.directory().resolve("bin"));
        Path launcher = network.directory().resolve("bin/culvert");
        Files.copy(Repository.launcher(), launcher, StandardCopyOption.COPY_ATTRIBUTES);
        for (String file : List.of("culvert.jar", "culvert.aot")) {
            Files.copy(target.resolve(file), library.resolve(file), StandardCopyOption.COPY_ATTRIBUTES);
        }
        try (Stream<Path> jars = Files.list(target.resolve("lib"))) {
            for (Path jar : jars.toList()) {
                Files.copy(jar, library.resolve("lib").resolve(jar.getFileName()), StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
        return launcher;
    }

    @Test
    void refusesASecondStartAndLeavesTheFirstAlone() {
        assertThat(start(Implementation.launcher(), Map.of()).required()).isEmpty();
        Command second = start(Implementation.launcher(), Map.of());
        assertThat(second.exitCode()).isEqualTo(1);
        assertThat(second.output())
                .startsWith("culvert: cannot make the interface " + link)
                .hasLineCount(1);
        requireServed();
        requireEnd();
    }

    @Test
    void startsAgainAtOnceEachTime() {
        for (int i = 0; i < 5; i++) {
            assertThat(start(Implementation.launcher(), Map.of()).required()).isEmpty();
            requireServed();
            namespace.ip("link del " + link); // and no wait for the end
        }
        Await.until("the last one's end", END_LIMIT, () -> !Files.exists(Daemon.socketOf(link)));
    }

    @Test
    void readsTheVariables() {
        Command bad = start(Implementation.launcher(), Map.of("CULVERT_LANES", "many"));
        assertThat(bad.exitCode()).isEqualTo(1);
        assertThat(bad.output()).isEqualTo("culvert: CULVERT_LANES takes a number from 0 to 64\n");
        assertThat(namespace.hasLink(link)).isFalse();
        assertThat(start(Implementation.launcher(), Map.of("CULVERT_LANES", "3", "CULVERT_ENGINE", "jdk"))
                        .required())
                .isEmpty();
        requireEnd();
    }

    @ParameterizedTest
    @EnumSource
    void takesOverWhatItIsGiven(HandOver how) throws IOException {
        Files.createDirectories(Daemon.socketOf(link).getParent());
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                DescriptorHandOver.class.getName(),
                link,
                Daemon.socketOf(link).toString(),
                Implementation.launcher()));
        if (how == HandOver.FOREGROUND) {
            command.add("-f");
            command.add(link);
            Daemon daemon = network.daemon(namespace, link, command, Implementation.CULVERT, 1);
            daemon.awaitReady();
            requireServed();
            daemon.terminate();
            assertThat(daemon.awaitEnd(END_LIMIT)).isZero();
            assertThat(Files.exists(Daemon.socketOf(link))).isFalse();
        } else {
            command.add(link);
            Command start = namespace.run(command.toArray(String[]::new));
            assertThat(start.exitCode()).as(start.output()).isZero();
            requireServed();
            requireEnd();
        }
    }

    enum HandOver {
        FOREGROUND,
        DETACHED
    }

    @Test
    void saysWhatIsWrongWithADescriptor() {
        assertThat(refusal("WG_TUN_FD", "two")).contains("WG_TUN_FD is not the number of an open descriptor");
        assertThat(refusal("WG_TUN_FD", "1")).contains("WG_TUN_FD is not the number of an open descriptor");
        assertThat(refusal("WG_TUN_FD", "999")).contains("WG_TUN_FD is 999, which is no open descriptor");
        assertThat(refusal("WG_TUN_FD", "9")).contains("WG_TUN_FD is 9, which is no TUN");
        assertThat(refusal("WG_TUN_FD", "8")).contains("WG_TUN_FD is 8, which is /dev/net/tun without an interface");
        assertThat(refusal("WG_UAPI_FD", "999")).contains("WG_UAPI_FD is 999, which is no open descriptor");
        assertThat(refusal("WG_UAPI_FD", "9")).contains("WG_UAPI_FD is 9, which is no socket");
        assertThat(namespace.hasLink(link)).isFalse();
        assertThat(Files.exists(Daemon.socketOf(link))).isFalse();
    }

    private String refusal(String variable, String value) {
        Command start = namespace.run(
                Map.of(variable, value),
                "sh",
                "-c",
                "exec " + Implementation.launcher() + " " + link + " 8<>/dev/net/tun 9</dev/null");
        assertThat(start.exitCode()).as(start.output()).isEqualTo(1);
        assertThat(start.output()).startsWith("culvert: ").hasLineCount(1);
        return start.output();
    }

    private Command start(String launcher, Map<String, String> environment) {
        return namespace.run(environment, launcher, link);
    }

    /// Without waiting: the launcher has said that it is ready.
    private void requireServed() {
        assertThat(namespace.hasLink(link)).isTrue();
        assertThat(Uapi.answers(link)).isTrue();
        Wg.set(link, "listen-port 51820 peer " + Identity.fresh().publicKey() + " allowed-ips 10.77.0.0/24");
    }

    private void requireEnd() {
        namespace.ip("link del " + link);
        Await.until("the end", END_LIMIT, () -> !Files.exists(Daemon.socketOf(link)));
    }
}
