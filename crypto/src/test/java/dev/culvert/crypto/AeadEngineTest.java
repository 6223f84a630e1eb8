package dev.culvert.crypto;

import static dev.culvert.crypto.Vectors.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AeadEngineTest {
    @ParameterizedTest
    @MethodSource("dev.culvert.crypto.TestedAead#here")
    void passesItsSelfTestAndIsFoundByItsName(TestedAead engine) {
        try (Aead aead = engine.newAead()) {
            AeadSelfTest.run(aead);
            assertThat(aead.name()).isEqualTo(engine.engine.operatorName());
        }
        assertThat(AeadEngine.select(engine.engine.operatorName()))
                .isEqualTo(new AeadEngine.Selection(engine.engine, List.of()));
    }

    @Test
    void libcryptoIsItsPartsHere() {
        try (Aead aead = AeadEngine.LIBCRYPTO.newAead()) {
            assertThat(aead).isInstanceOf(SplitAead.class);
        }
    }

    @Test
    void autoLeavesOutWhatHasADisadvantage() {
        AeadEngine.Selection selection =
                AeadEngine.select("auto", engine -> engine == AeadEngine.IPSEC_MB ? "slow" : "", engine -> "");
        assertThat(selection).isEqualTo(new AeadEngine.Selection(AeadEngine.BORINGSSL, List.of("ipsecmb: slow")));
        assertThat(AeadEngine.select("ipsecmb", engine -> "slow", engine -> "").engine())
                .isEqualTo(AeadEngine.IPSEC_MB);
    }

    @Test
    void autoFallsToTheNextAndSaysWhy() {
        List<AeadEngine> tried = new ArrayList<>();
        AeadEngine.Selection selection = AeadEngine.select("auto", engine -> "", engine -> {
            tried.add(engine);
            return engine == AeadEngine.BOUNCY_CASTLE ? "" : "broken " + engine;
        });
        assertThat(selection.engine()).isEqualTo(AeadEngine.BOUNCY_CASTLE);
        assertThat(selection.skipped())
                .containsExactly(
                        "ipsecmb: broken IPSEC_MB",
                        "boringssl: broken BORINGSSL",
                        "libcrypto: broken LIBCRYPTO",
                        "jdk: broken JDK");
        assertThat(tried).containsExactly(AeadEngine.values());
    }

    @Test
    void autoFailsWhenNothingWorks() {
        assertThatThrownBy(() -> AeadEngine.select("auto", engine -> "", engine -> "broken"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("no cipher engine works on this machine: ipsecmb: broken; boringssl: broken;"
                        + " libcrypto: broken; jdk: broken; bouncycastle: broken");
    }

    @Test
    void aForcedEngineIsNeverReplaced() {
        Function<AeadEngine, String> onlyOthers = engine -> engine == AeadEngine.LIBCRYPTO ? "it is not installed" : "";
        assertThatThrownBy(() -> AeadEngine.select("libcrypto", engine -> "", onlyOthers))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the cipher engine 'libcrypto' cannot be used: it is not installed. Choose another one, or"
                        + " 'auto'");
    }

    @Test
    void refusesUnknownNamesAndNamesTheKnown() {
        for (String wanted : Set.of("", "openssl", "LIBCRYPTO", "libcrypto ", "Auto")) {
            assertThatThrownBy(() -> AeadEngine.select(wanted))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("there is no cipher engine '" + wanted
                            + "'; choose one of auto, ipsecmb, boringssl, libcrypto, jdk, bouncycastle");
        }
    }

    /// The self-test must be able to fail: it is given answers that are wrong by one bit.
    @ParameterizedTest
    @MethodSource("dev.culvert.crypto.TestedAead#here")
    void selfTestNoticesAWrongAnswer(TestedAead engine) {
        byte[] sealed = hex(AeadSelfTest.A5_SEALED);
        byte[] empty = hex(AeadSelfTest.EMPTY_SEALED);
        try (Aead aead = engine.newAead()) {
            AeadSelfTest.run(aead, sealed, empty);
            sealed[sealed.length - 1] ^= 1;
            assertThatThrownBy(() -> AeadSelfTest.run(aead, sealed, empty))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage(engine.engine.operatorName() + " failed its self-test: it seals wrongly");
            sealed[sealed.length - 1] ^= 1;
            empty[0] ^= (byte) 0x80;
            assertThatThrownBy(() -> AeadSelfTest.run(aead, sealed, empty)).isInstanceOf(IllegalStateException.class);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.culvert.crypto.TestedAead#here")
    void aClosedCipherRefusesToWorkAndClosesAgain(TestedAead engine) {
        try (GuardedMemory memory = new GuardedMemory(64)) {
            long at = memory.place(new byte[64], 64, 0);
            Aead aead = engine.newAead();
            aead.seal(at, at + 32, at + 32, 8, 0);
            aead.close();
            assertThatThrownBy(() -> aead.seal(at, at + 32, at + 32, 8, 1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("this cipher is closed");
            assertThatThrownBy(() -> aead.open(at, at + 32, at + 32, 8, 1)).isInstanceOf(IllegalStateException.class);
            aead.close();
        }
    }
}
