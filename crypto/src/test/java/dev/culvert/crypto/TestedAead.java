package dev.culvert.crypto;

import java.util.Arrays;
import java.util.stream.Stream;

/// The implementations of [Aead] under test: those of [AeadEngine], of which libcrypto has three.
enum TestedAead {
    IPSEC_MB(AeadEngine.IPSEC_MB),
    BORINGSSL(AeadEngine.BORINGSSL),
    SPLIT(AeadEngine.LIBCRYPTO),
    PROVIDER(AeadEngine.LIBCRYPTO),
    EVP(AeadEngine.LIBCRYPTO),
    JDK(AeadEngine.JDK),
    BOUNCY_CASTLE(AeadEngine.BOUNCY_CASTLE);

    final AeadEngine engine;

    TestedAead(AeadEngine engine) {
        this.engine = engine;
    }

    /// Those that can be here: all, but Intel's and Google's libraries, which no distribution installs by itself.
    /// That one was left out is told by [OptionalAeadTest], which is skipped then. As a method source.
    static Stream<TestedAead> here() {
        return Arrays.stream(values()).filter(tested -> !tested.isOptional() || tested.isHere());
    }

    boolean isOptional() {
        return this == IPSEC_MB || this == BORINGSSL;
    }

    boolean isHere() {
        try (Aead aead = newAead()) {
            return !aead.name().isEmpty();
        } catch (IllegalStateException e) {
            return false;
        }
    }

    Aead newAead() {
        return newAead(0);
    }

    /// @param noncePrefix first four bytes of the nonce, little-endian
    Aead newAead(int noncePrefix) {
        return switch (this) {
            case IPSEC_MB -> new IpsecMbAead(noncePrefix);
            case BORINGSSL -> new BoringSslAead(noncePrefix);
            case SPLIT -> new SplitAead(noncePrefix);
            case PROVIDER -> new ProviderAead(noncePrefix);
            case EVP -> new LibcryptoAead(noncePrefix);
            case JDK -> new JdkAead(noncePrefix);
            case BOUNCY_CASTLE -> new BouncyCastleAead(noncePrefix);
        };
    }
}
