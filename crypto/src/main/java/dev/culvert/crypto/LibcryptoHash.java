package dev.culvert.crypto;

import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/// BLAKE2s of 32 bytes by OpenSSL 3 (provider-digest(7)), see [Libcrypto].
///
/// Used by one thread at a time. What was hashed is gone from native memory when a call returns: OpenSSL cleanses
/// its state with the result.
final class LibcryptoHash {
    /// Why this cannot be used here, empty if it can.
    static final String TROUBLE;

    // The memory: a part of what is hashed, the result and its length. The parts of most hashes fit at once.
    private static final int PART_BYTES = 256;
    private static final int RESULT = PART_BYTES;
    private static final int RESULT_LENGTH = RESULT + Blake2s.HASH_BYTES;
    private static final int SCRATCH_BYTES = RESULT_LENGTH + Long.BYTES;

    private static final MethodHandle NEW;
    private static final MethodHandle INIT;
    private static final MethodHandle UPDATE;
    private static final MethodHandle FINAL;
    private static final @Nullable String MISSING;

    static {
        Libcrypto.Algorithm digest = new Libcrypto.Algorithm(Libcrypto.DIGEST, "BLAKE2S-256");
        NEW = digest.function(1, Libcrypto.MAKE);
        INIT = digest.function(2, Libcrypto.OF_2);
        UPDATE = digest.function(3, Libcrypto.OF_3);
        FINAL = digest.function(4, Libcrypto.OF_4);
        MISSING = digest.missing();
        TROUBLE = trouble();
    }

    // Never freed: there are as many as threads ever hashed at once.
    private final long scratch = Arena.global().allocate(SCRATCH_BYTES, 16).address();
    private final long context;
    private int filled;

    LibcryptoHash() {
        if (MISSING != null) {
            throw new IllegalStateException(MISSING);
        }
        try {
            context = (long) NEW.invokeExact(Libcrypto.providerContext());
            Libcrypto.require(context != 0, "has no memory for a hash");
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(Libcrypto.PRODUCT, e);
        }
    }

    /// Tried with the example of RFC 7693 appendix B.
    private static String trouble() {
        if (MISSING != null) {
            return MISSING;
        }
        byte[] result = new byte[Blake2s.HASH_BYTES];
        try {
            new LibcryptoHash().hash(result, new byte[][] {"abc".getBytes(StandardCharsets.US_ASCII)});
        } catch (IllegalStateException e) {
            String message = e.getMessage();
            return message == null ? e.toString() : message;
        }
        return HexFormat.of()
                        .formatHex(result)
                        .equals("508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982")
                ? ""
                : Libcrypto.PRODUCT + " computes BLAKE2s wrongly";
    }

    /// Writes the hash of the parts, one after the other, to `out` at 0.
    void hash(byte[] out, byte[][] parts) {
        try {
            Libcrypto.require((int) INIT.invokeExact(context, 0L) == 1, "refused a hash");
            for (byte[] part : parts) {
                add(part);
            }
            flush();
            Libcrypto.require(
                    (int) FINAL.invokeExact(
                                    context, scratch + RESULT, scratch + RESULT_LENGTH, (long) Blake2s.HASH_BYTES)
                            == 1,
                    "failed on a hash");
            Memory.copyOut(scratch + RESULT, out, 0, Blake2s.HASH_BYTES);
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(Libcrypto.PRODUCT, e);
        } finally {
            filled = 0;
            Memory.zero(scratch, SCRATCH_BYTES);
        }
    }

    private void add(byte[] part) throws Throwable {
        for (int done = 0; done < part.length; ) {
            int n = Math.min(PART_BYTES - filled, part.length - done);
            Memory.copyIn(part, done, scratch + filled, n);
            filled += n;
            done += n;
            if (filled == PART_BYTES) {
                flush();
            }
        }
    }

    private void flush() throws Throwable {
        Libcrypto.require((int) UPDATE.invokeExact(context, scratch, (long) filled) == 1, "failed on a hash");
        filled = 0;
    }
}
