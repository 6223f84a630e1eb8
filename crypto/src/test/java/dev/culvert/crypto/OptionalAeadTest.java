package dev.culvert.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The engines whose libraries no distribution installs by itself.
class OptionalAeadTest {
    /// Skipped where the library is not installed: there, the tests of all engines leave this one out.
    @Test
    void ipsecMbIsTestedHereWithTheOtherEngines() {
        isTestedHere(TestedAead.IPSEC_MB);
    }

    /// As above.
    @Test
    void boringSslIsTestedHereWithTheOtherEngines() {
        isTestedHere(TestedAead.BORINGSSL);
    }

    private static void isTestedHere(TestedAead tested) {
        assumeThat(tested.isHere()).as("its library is installed").isTrue();
        assertThat(TestedAead.here()).contains(tested);
        assertThat(AeadEngine.select(tested.engine.operatorName()).engine()).isEqualTo(tested.engine);
    }

    @ParameterizedTest
    @EnumSource(
            value = TestedAead.class,
            names = {"IPSEC_MB", "BORINGSSL"})
    void isForcedOnlyWhereItIsInstalledAndElseSaysWhatToInstall(TestedAead tested) {
        String name = tested.engine.operatorName();
        if (tested.isHere()) {
            assertThat(AeadEngine.select(name).skipped()).isEmpty();
        } else {
            assertThatThrownBy(() -> AeadEngine.select(name))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("the cipher engine '" + name + "' cannot be used: ")
                    .hasMessageContaining(tested == TestedAead.IPSEC_MB ? "libipsec-mb2" : "android-libboringssl");
        }
    }

    @Test
    void autoTakesIntelsWithAvx512AndNeverGoogles() {
        AeadEngine other = AeadEngine.LIBCRYPTO;
        AeadEngine withAvx512 = TestedAead.IPSEC_MB.isHere() ? AeadEngine.IPSEC_MB : other;
        assertThat(AeadEngine.select("auto", true).engine()).isEqualTo(withAvx512);
        assertThat(AeadEngine.select("auto", false).engine()).isEqualTo(other);
    }
}
