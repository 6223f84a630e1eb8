package dev.culvert.crypto;

import java.util.Arrays;
import java.util.stream.Stream;

/// The implementations of [Aead] under test: those of [AeadEngine], of which libcrypto has two.
enum TestedAead {
    IPSEC_MB(AeadEngine.IPSEC_MB),
    PROVIDER(AeadEngine.LIBCRYPTO),
    EVP(AeadEngine.LIBCRYPTO),
    JDK(AeadEngine.JDK),
    BOUNCY_CASTLE(AeadEngine.BOUNCY_CASTLE);

    final AeadEngine engine;

    TestedAead(AeadEngine engine) {
        this.engine = engine;
    }

    /// Those that can be here: all, but Intel's library, which no distribution installs by itself. That it was
    /// left out is told by [IpsecMbAeadTest], which is skipped then. As a method source.
    static Stream<TestedAead> here() {
        return Arrays.stream(values()).filter(tested -> tested != IPSEC_MB || hasIpsecMb());
    }

    static boolean hasIpsecMb() {
        try (Aead aead = new IpsecMbAead()) {
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
            case PROVIDER -> new ProviderAead(noncePrefix);
            case EVP -> new LibcryptoAead(noncePrefix);
            case JDK -> new JdkAead(noncePrefix);
            case BOUNCY_CASTLE -> new BouncyCastleAead(noncePrefix);
        };
    }
}
