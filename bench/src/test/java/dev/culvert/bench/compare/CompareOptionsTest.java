package dev.culvert.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

final class CompareOptionsTest {
    private static CompareOptions parsed(String... arguments) {
        CompareOptions options = new CompareOptions();
        new CommandLine(options).parseArgs(arguments);
        options.check();
        return options;
    }

    @Test
    void withoutOptionsItIsEverythingFiveTimes() {
        CompareOptions options = parsed();
        assertThat(options.repetitions()).isEqualTo(5);
        assertThat(options.seconds()).isEqualTo(4);
        assertThat(Arrays.stream(Row.values())).allMatch(options::wants);
        assertThat(options.resultsIn(Path.of("/checkout"))).hasToString("/checkout/bench/results");
    }

    @Test
    void quickIsOneShortRepetitionWithoutWhatTakesLong() {
        CompareOptions options = parsed("--quick");
        assertThat(options.repetitions()).isEqualTo(1);
        assertThat(options.seconds()).isEqualTo(1);
        assertThat(options.wants(Row.PEERS_50000)).isFalse();
        assertThat(options.wants(Row.PEERS_1000)).isTrue();
        assertThat(parsed("--quick", "--repetitions", "3").repetitions()).isEqualTo(3);
        assertThat(parsed("--quick", "--rows", "peers-50000").wants(Row.PEERS_50000))
                .isTrue();
    }

    @Test
    void rowsAndImplementationsAreLists() {
        CompareOptions options =
                parsed("--rows", "tcp-up,rx-500", "--rows=udp-200", "--implementations", "culvert,kernel");
        assertThat(Arrays.stream(Row.values()).filter(options::wants))
                .containsExactly(Row.TCP_UP, Row.UDP_200, Row.RX_500);
        assertThat(options.implementations).containsExactly("culvert", "kernel");
    }

    @Test
    void anEarlierCheckoutHasANameAndACommandWithOptions() {
        CompareOptions options = parsed("--also", "before=/old/culvert --lanes=2", "--also", "other=x");
        assertThat(options.also)
                .containsEntry("before", "/old/culvert --lanes=2")
                .containsEntry("other", "x");
    }

    @Test
    void anUnknownRowIsRefusedWithThoseThatThereAre() {
        assertThatThrownBy(() -> parsed("--rows", "tcp-sideways"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no row `tcp-sideways`")
                .hasMessageContaining("rx-500");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--repetitions=-1", "--seconds=1001", "--repetitions=many", "--quik", "tcp-up"})
    void nonsenseIsRefused(String argument) {
        assertThatThrownBy(() -> parsed(argument))
                .isInstanceOfAny(IllegalArgumentException.class, ParameterException.class);
    }

    @Test
    void everyRowHasAnIdOfItsOwnAndIsInOneStage() {
        assertThat(Arrays.stream(Row.values()).map(row -> row.id)).doesNotHaveDuplicates();
        assertThat(Stage.all().stream().flatMap(stage -> stage.rows().stream()))
                .containsExactlyInAnyOrder(Row.values());
    }
}
