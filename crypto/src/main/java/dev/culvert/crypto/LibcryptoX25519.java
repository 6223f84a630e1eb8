package dev.culvert.crypto;

import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandle;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/// X25519 of OpenSSL 3 by the functions of its provider (provider-keymgmt(7), provider-keyexch(7)), see
/// [Libcrypto]: constant time, and as fast in the first handshake after the start as in the millionth.
///
/// Any thread. Keeps nothing: what held a secret is cleansed by OpenSSL when freed, and zeroed here.
final class LibcryptoX25519 {
    private static final long KEY_BYTES = PublicKey.BYTES;
    private static final long PRIVATE_PART = 1;
    private static final long PUBLIC_PART = 2;

    // The memory of one call: up to two parameters and their end, keys and result.
    private static final int PARAMETERS = 0;
    private static final int PRIVATE = 3 * Libcrypto.PARAM_BYTES;
    private static final int PUBLIC = PRIVATE + PrivateKey.BYTES;
    private static final int SECRET = PUBLIC + PublicKey.BYTES;
    private static final int SECRET_LENGTH = SECRET + PublicKey.BYTES;
    private static final int SCRATCH_BYTES = SECRET_LENGTH + Long.BYTES;

    private static final MethodHandle KEY_NEW;
    private static final MethodHandle KEY_FREE;
    private static final MethodHandle KEY_GET;
    private static final MethodHandle KEY_IMPORT;
    private static final MethodHandle EXCHANGE_NEW;
    private static final MethodHandle EXCHANGE_INIT;
    private static final MethodHandle EXCHANGE_DERIVE;
    private static final MethodHandle EXCHANGE_PEER;
    private static final MethodHandle EXCHANGE_FREE;
    private static final @Nullable String MISSING;
    private static final long PRIVATE_NAME = Libcrypto.text("priv");
    private static final long PUBLIC_NAME = Libcrypto.text("pub");

    static {
        Libcrypto.Algorithm keys = new Libcrypto.Algorithm(Libcrypto.KEY_MANAGEMENT, "X25519");
        KEY_NEW = keys.function(1, Libcrypto.MAKE);
        KEY_FREE = keys.function(10, Libcrypto.FREE);
        KEY_GET = keys.function(11, Libcrypto.OF_2);
        KEY_IMPORT = keys.function(40, Libcrypto.OF_3);
        Libcrypto.Algorithm exchange = new Libcrypto.Algorithm(Libcrypto.KEY_EXCHANGE, "X25519");
        EXCHANGE_NEW = exchange.function(1, Libcrypto.MAKE);
        EXCHANGE_INIT = exchange.function(2, Libcrypto.OF_3);
        EXCHANGE_DERIVE = exchange.function(3, Libcrypto.OF_4);
        EXCHANGE_PEER = exchange.function(4, Libcrypto.OF_2);
        EXCHANGE_FREE = exchange.function(5, Libcrypto.FREE);
        MISSING = keys.missing() != null ? keys.missing() : exchange.missing();
    }

    private LibcryptoX25519() {}

    /// Why this cannot be used here, empty if it can: tried with Alice's and Bob's keys of RFC 7748 section 6.1
    /// and a point of low order.
    static String trouble() {
        if (MISSING != null) {
            return MISSING;
        }
        HexFormat hex = HexFormat.of();
        byte[] alice = hex.parseHex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
        byte[] alicePublic = hex.parseHex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
        byte[] bobPublic = hex.parseHex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
        String shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
        byte[] made = new byte[PublicKey.BYTES];
        byte[] secret = new byte[PublicKey.BYTES];
        try {
            publicKey(alice, made);
            boolean right = hex.formatHex(made).equals(hex.formatHex(alicePublic))
                    && sharedSecret(alice, alicePublic, bobPublic, secret)
                    && hex.formatHex(secret).equals(shared)
                    && !sharedSecret(alice, alicePublic, new byte[PublicKey.BYTES], secret);
            return right ? "" : Libcrypto.PRODUCT + " computes X25519 wrongly";
        } catch (IllegalStateException e) {
            String message = e.getMessage();
            return message == null ? e.toString() : message;
        }
    }

    /// Writes the public key to `target` at 0.
    static void publicKey(byte[] privateKey, byte[] target) {
        try (Arena arena = Arena.ofConfined()) {
            long scratch = arena.allocate(SCRATCH_BYTES, 16).address();
            long key = 0;
            try {
                key = privateKey(scratch, privateKey, null);
                Libcrypto.parameter(scratch + PARAMETERS, PUBLIC_NAME, Libcrypto.OCTETS, scratch + PUBLIC, KEY_BYTES);
                Libcrypto.require((int) KEY_GET.invokeExact(key, scratch + PARAMETERS) == 1, "hides a public key");
                Memory.copyOut(scratch + PUBLIC, target, 0, PublicKey.BYTES);
            } finally {
                free(key);
                Memory.zero(scratch, SCRATCH_BYTES);
            }
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(Libcrypto.PRODUCT, e);
        }
    }

    /// Writes the shared secret to `target` at 0, and says whether it is any: false leaves `target` as it was.
    ///
    /// @param ownPublic of `privateKey`, which OpenSSL would compute if it did not get it
    static boolean sharedSecret(byte[] privateKey, byte[] ownPublic, byte[] peer, byte[] target) {
        try (Arena arena = Arena.ofConfined()) {
            long scratch = arena.allocate(SCRATCH_BYTES, 16).address();
            long own = 0;
            long other = 0;
            long exchange = 0;
            try {
                own = privateKey(scratch, privateKey, ownPublic);
                other = publicKey(scratch, peer);
                exchange = (long) EXCHANGE_NEW.invokeExact(Libcrypto.providerContext());
                Libcrypto.require(exchange != 0, "has no memory for a key exchange");
                Libcrypto.require(
                        (int) EXCHANGE_INIT.invokeExact(exchange, own, 0L) == 1
                                && (int) EXCHANGE_PEER.invokeExact(exchange, other) == 1,
                        "refused a key");
                // Fails on zeros alone, which the caller would have to refuse as well.
                boolean usable = (int) EXCHANGE_DERIVE.invokeExact(
                                exchange, scratch + SECRET, scratch + SECRET_LENGTH, KEY_BYTES)
                        == 1;
                if (usable) {
                    Memory.copyOut(scratch + SECRET, target, 0, PublicKey.BYTES);
                }
                return usable;
            } finally {
                if (exchange != 0) {
                    EXCHANGE_FREE.invokeExact(exchange);
                }
                free(other);
                free(own);
                Memory.zero(scratch, SCRATCH_BYTES);
            }
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(Libcrypto.PRODUCT, e);
        }
    }

    private static long privateKey(long scratch, byte[] bytes, byte @Nullable [] ownPublic) throws Throwable {
        Memory.copyIn(bytes, 0, scratch + PRIVATE, PrivateKey.BYTES);
        long parameters = scratch + PARAMETERS;
        Libcrypto.parameter(parameters, PRIVATE_NAME, Libcrypto.OCTETS, scratch + PRIVATE, KEY_BYTES);
        if (ownPublic != null) {
            Memory.copyIn(ownPublic, 0, scratch + PUBLIC, PublicKey.BYTES);
            Libcrypto.parameter(
                    parameters + Libcrypto.PARAM_BYTES, PUBLIC_NAME, Libcrypto.OCTETS, scratch + PUBLIC, KEY_BYTES);
        }
        return imported(PRIVATE_PART | PUBLIC_PART, parameters);
    }

    private static long publicKey(long scratch, byte[] bytes) throws Throwable {
        Memory.copyIn(bytes, 0, scratch + PUBLIC, PublicKey.BYTES);
        Libcrypto.parameter(scratch + PARAMETERS, PUBLIC_NAME, Libcrypto.OCTETS, scratch + PUBLIC, KEY_BYTES);
        return imported(PUBLIC_PART, scratch + PARAMETERS);
    }

    private static long imported(long parts, long parameters) throws Throwable {
        long key = (long) KEY_NEW.invokeExact(Libcrypto.providerContext());
        Libcrypto.require(key != 0, "has no memory for a key");
        if ((int) KEY_IMPORT.invokeExact(key, parts, parameters) != 1) {
            free(key);
            Libcrypto.require(false, "refused a key");
        }
        return key;
    }

    private static void free(long key) throws Throwable {
        if (key != 0) {
            KEY_FREE.invokeExact(key);
        }
    }
}
