package dev.culvert.crypto;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// The implementations of [Aead], best first. One is chosen at start, after it has passed a self-test on this machine,
/// and makes the ciphers of every lane.
public enum AeadEngine {
    /// Taken by `auto` where it is installed and the CPU has AVX-512 IFMA.
    IPSEC_MB("ipsecmb"),
    /// Never taken by `auto`.
    BORINGSSL("boringssl"),
    LIBCRYPTO("libcrypto"),
    JDK("jdk"),
    BOUNCY_CASTLE("bouncycastle");

    /// What an operator writes to leave the choice to us.
    public static final String AUTO = "auto";

    private static final String NO_IFMA = "this CPU has no AVX-512 IFMA, without which others are as fast";

    private static final String KEYS_STAY =
            "it leaves copies of session keys on the stack, so it is used only if asked for";

    private final String operatorName;

    AeadEngine(String operatorName) {
        this.operatorName = operatorName;
    }

    /// What was chosen, and one sentence for each engine that was tried before and found unusable.
    public record Selection(AeadEngine engine, List<String> skipped) {
        public Selection {
            skipped = List.copyOf(skipped);
        }
    }

    /// As operators write it, in the configuration and in metrics.
    public String operatorName() {
        return operatorName;
    }

    /// A cipher for one thread, to be closed by the caller.
    ///
    /// @throws IllegalStateException says why this engine does not work here
    public Aead newAead() {
        return switch (this) {
            case IPSEC_MB -> new IpsecMbAead();
            case BORINGSSL -> new BoringSslAead();
            case LIBCRYPTO -> SplitAead.isOffered() ? new SplitAead() : new LibcryptoAead();
            case JDK -> new JdkAead();
            case BOUNCY_CASTLE -> new BouncyCastleAead();
        };
    }

    /// Proves on this machine that the engine seals and opens as RFC 8439 says and refuses forgeries.
    ///
    /// @throws IllegalStateException says what went wrong
    public void selfTest() {
        try (Aead aead = newAead()) {
            AeadSelfTest.run(aead);
        }
    }

    /// Chooses the engine and tests it.
    ///
    /// @param wanted `auto`, which takes the first that works, or one engine's name
    /// @param avx512Ifma whether the CPU has these instructions, without which `auto` leaves out [#IPSEC_MB]
    /// @throws IllegalArgumentException if the name is unknown or the engine of that name does not work here; its
    /// message is for the operator
    public static Selection select(String wanted, boolean avx512Ifma) {
        return select(wanted, engine -> disadvantage(engine, avx512Ifma), AeadEngine::trouble);
    }

    private static String disadvantage(AeadEngine engine, boolean avx512Ifma) {
        return switch (engine) {
            case IPSEC_MB -> avx512Ifma ? "" : NO_IFMA;
            case BORINGSSL -> KEYS_STAY;
            default -> "";
        };
    }

    /// The same for a CPU of which nothing is known.
    public static Selection select(String wanted) {
        return select(wanted, false);
    }

    /// @param disadvantage why an engine should not be used unless asked for, empty if it should
    /// @param trouble why an engine cannot be used, empty if it can
    static Selection select(
            String wanted, Function<AeadEngine, String> disadvantage, Function<AeadEngine, String> trouble) {
        if (!wanted.equals(AUTO)) {
            AeadEngine engine = named(wanted);
            String why = trouble.apply(engine);
            if (!why.isEmpty()) {
                throw new IllegalArgumentException("the cipher engine '" + wanted + "' cannot be used: " + why
                        + ". Choose another one, or 'auto'");
            }
            return new Selection(engine, List.of());
        }
        List<String> skipped = new ArrayList<>();
        for (AeadEngine engine : values()) {
            String better = disadvantage.apply(engine);
            String why = better.isEmpty() ? trouble.apply(engine) : better;
            if (why.isEmpty()) {
                return new Selection(engine, skipped);
            }
            skipped.add(engine.operatorName + ": " + why);
        }
        throw new IllegalArgumentException("no cipher engine works on this machine: " + String.join("; ", skipped));
    }

    private static AeadEngine named(String wanted) {
        List<String> names = new ArrayList<>(List.of(AUTO));
        for (AeadEngine engine : values()) {
            if (engine.operatorName.equals(wanted)) {
                return engine;
            }
            names.add(engine.operatorName);
        }
        throw new IllegalArgumentException(
                "there is no cipher engine '" + wanted + "'; choose one of " + String.join(", ", names));
    }

    private static String trouble(AeadEngine engine) {
        try {
            engine.selfTest();
            return "";
        } catch (LinkageError e) {
            // The first failure of a class carries the reason, the later ones only repeat it.
            Throwable reason = e.getCause() == null ? e : e.getCause();
            return "Java cannot load it (" + reason + "); native access needs --enable-native-access=ALL-UNNAMED";
        } catch (RuntimeException e) {
            // Whatever a broken library does at start, the next engine deserves its turn.
            String message = e.getMessage();
            return message == null ? e.toString() : message;
        }
    }
}
