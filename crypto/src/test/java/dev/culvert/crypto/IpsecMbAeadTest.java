package dev.culvert.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import org.junit.jupiter.api.Test;

class IpsecMbAeadTest {
    /// Skipped where the library is not installed: there, the tests of all engines leave this one out.
    @Test
    void isTestedHereWithTheOtherEngines() {
        assumeThat(TestedAead.hasIpsecMb())
                .as("Intel's multi-buffer library is installed")
                .isTrue();
        assertThat(TestedAead.here()).contains(TestedAead.IPSEC_MB);
        assertThat(AeadEngine.select("ipsecmb").engine()).isEqualTo(AeadEngine.IPSEC_MB);
    }

    @Test
    void isForcedOnlyWhereItIsInstalledAndElseSaysWhatToInstall() {
        if (TestedAead.hasIpsecMb()) {
            assertThat(AeadEngine.select("ipsecmb").skipped()).isEmpty();
        } else {
            assertThatThrownBy(() -> AeadEngine.select("ipsecmb"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("the cipher engine 'ipsecmb' cannot be used: ")
                    .hasMessageContaining("libipsec-mb2");
        }
    }

    @Test
    void autoTakesItWithAvx512Only() {
        AeadEngine expected = TestedAead.hasIpsecMb() ? AeadEngine.IPSEC_MB : AeadEngine.LIBCRYPTO;
        assertThat(AeadEngine.select("auto", true).engine()).isEqualTo(expected);
        assertThat(AeadEngine.select("auto", false).engine()).isEqualTo(AeadEngine.LIBCRYPTO);
    }
}
