package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Each file of `src/test/wg-quick/files` leads one life under wg-quick with Culvert, one with wireguard-go and
/// one
/// under `culvert up`, in namespaces that are twins; then everything that was to be seen of them is the same.
///
/// `-Dculvert.it.wgTools=DIRECTORY` takes `wg` and `wg-quick` from there, and not Debian's.
@DisabledIfSystemProperty(named = "culvert.it.implementation", matches = "wireguard-go")
@ExtendWith(LogsOnFailure.class)
@Timeout(240)
final class WgQuickIT {
    private static final Path SOURCES = Repository.root().resolve("gateway/src/test/wg-quick");
    private static final Path WORLD = SOURCES.resolve("world");
    private static final Path TOOLS = Repository.root().resolve("gateway/target/wg-quick-tools");
    private static final Duration GET_LIMIT = Duration.ofMinutes(5);
    private static final Duration LIFE_LIMIT = Duration.ofSeconds(200);
    private static final String DONE = "0\n";

    private final Network network = new Network();

    @BeforeAll
    static void getResolvconf() {
        Command.run(GET_LIMIT, "", List.of(WORLD.toString(), "tools", TOOLS.toString()))
                .required();
    }

    @AfterEach
    void close() {
        network.close();
    }

    static Stream<String> files() throws IOException {
        try (Stream<Path> all = Files.list(SOURCES.resolve("files"))) {
            return all
                    .map(file -> String.valueOf(file.getFileName()))
                    .filter(name -> name.endsWith(".conf"))
                    .sorted()
                    .toList()
                    .stream();
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void aFileHasTheSameOutcomeWithEachProgram(String file) {
        CompletableFuture<Map<String, String>> reference = live("g", "quick:wireguard-go", file);
        CompletableFuture<Map<String, String>> quick = live("q", "quick:" + Implementation.launcher(), file);
        CompletableFuture<Map<String, String>> up = live("u", "up:" + Implementation.launcher(), file);

        boolean isGood = !file.startsWith("bad-");
        assertThat(DONE.equals(reference.join().get("up.exit"))).isEqualTo(isGood);
        assertThat(reference.join().getOrDefault("up.state", "").contains("cvq0: <POINTOPOINT"))
                .isEqualTo(isGood);
        assertThat(quick.join()).isEqualTo(reference.join());
        assertThat(asOfCulvertsOwn(up.join(), isGood)).isEqualTo(asOfCulvertsOwn(quick.join(), isGood));
    }

    /// What of a life is the same under `culvert up`: not what it prints, nor with which code it fails. It refuses
    /// to strip a bad file, and takes routes over when it reloads.
    private static Map<String, String> asOfCulvertsOwn(Map<String, String> life, boolean isGood) {
        Map<String, String> same = new TreeMap<>();
        life.forEach((name, text) -> {
            boolean isStrip = name.startsWith("strip.");
            if (name.endsWith(".exit") && !isStrip) {
                same.put(name, text.equals(DONE) ? "done" : "failed");
            } else if (name.equals("reload.state")) {
                same.put(name, text.replaceAll("(?s)== routes.*?== rules", "== rules"));
            } else if (name.endsWith(".state") || name.endsWith(".conf") || name.equals("strip.out") && isGood) {
                same.put(name, text);
            }
        });
        return same;
    }

    @Test
    void debiansUnitWithTheDropInStartsReloadsAndStops() {
        Path dropIn = Repository.root().resolve("deploy/systemd/wg-quick@.service.d/culvert.conf");
        CompletableFuture<Map<String, String>> unit =
                live("s", "unit:" + dropIn + ":" + Implementation.launcher(), "plain.conf");
        CompletableFuture<Map<String, String>> quick = live("q", "quick:" + Implementation.launcher(), "plain.conf");
        assertThat(unit.join()).containsEntry("up.exit", DONE).containsEntry("reload.exit", DONE);
        assertThat(unit.join().get("up.err")).contains("[#] /usr/local/bin/culvert cvq0");
        UnaryOperator<Map<String, String>> outcome = life -> {
            Map<String, String> seen = new TreeMap<>(life);
            seen.keySet().removeIf(name -> name.endsWith(".err") || name.endsWith(".out"));
            return seen;
        };
        assertThat(outcome.apply(unit.join())).isEqualTo(outcome.apply(quick.join()));
    }

    /// @return the text of each file that the life has left
    private CompletableFuture<Map<String, String>> live(String role, String how, String file) {
        Namespace namespace = network.namespace(role);
        Path directory = network.directory().resolve(role);
        String own = System.getProperty("culvert.it.wgTools", "");
        String tools = own.isEmpty() ? TOOLS.toString() : own + ":" + TOOLS;
        List<String> words = namespace.inside(List.of(
                "unshare",
                "--mount",
                "--propagation",
                "private",
                WORLD.toString(),
                "live",
                how,
                SOURCES.resolve("files").resolve(file).toString(),
                directory.toString(),
                tools));
        return CompletableFuture.supplyAsync(
                () -> {
                    Command.run(LIFE_LIMIT, "", words).required();
                    return texts(directory);
                },
                life -> Thread.ofVirtual().start(life));
    }

    private static Map<String, String> texts(Path directory) {
        Map<String, String> texts = new TreeMap<>();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                texts.put(String.valueOf(file.getFileName()), Files.readString(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return texts;
    }
}
