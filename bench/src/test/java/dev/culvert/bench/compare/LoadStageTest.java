package dev.culvert.bench.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.bench.compare.LoadStage.Delivered;
import dev.culvert.bench.lab.TrialFailure;
import org.junit.jupiter.api.Test;

final class LoadStageTest {
    private static String listing(long packets, long bytes) {
        return """
            Chain PREROUTING (policy ACCEPT 12 packets, 3456 bytes)
                pkts      bytes target     prot opt in     out     source               destination
            %8d %10d DROP       all  --  chub   *       0.0.0.0/0            0.0.0.0/0
            """.formatted(packets, bytes);
    }

    @Test
    void countsSinglePackets() {
        assertThat(Delivered.parse(listing(1000, 228_000), 228).packets()).isEqualTo(1000);
    }

    @Test
    void countsPacketsThatTheHubHasCoalesced() {
        int eightInOne = 28 + 8 * 200;
        assertThat(Delivered.parse(listing(50, 50L * eightInOne), 228).packets())
                .isEqualTo(400);
        assertThat(Delivered.parse(listing(51, 50L * eightInOne + 228), 228).packets())
                .isEqualTo(401);
    }

    @Test
    void aListingWithoutTheRuleIsRefused() {
        assertThatThrownBy(() -> Delivered.parse("Chain PREROUTING (policy ACCEPT)", 228))
                .isInstanceOf(TrialFailure.class);
    }
}
