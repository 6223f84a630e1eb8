package dev.culvert.crypto;

import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandle;
import java.util.HexFormat;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Keyed BLAKE2s of 16 bytes by OpenSSL 3 (provider-mac(7)), see [Libcrypto]. Zero allocation a MAC.
///
/// An instance belongs to one thread; nothing of a secret key stays in it.
final class LibcryptoMac implements AutoCloseable {
    /// Why this cannot be used here, empty if it can.
    static final String TROUBLE;

    // The memory: a part of a message, the result and its length, a key, the parameter for the length.
    private static final int PART_BYTES = 256;
    private static final int RESULT = PART_BYTES;
    private static final int RESULT_LENGTH = RESULT + Blake2s.MAC_BYTES;
    private static final int KEY = RESULT_LENGTH + Long.BYTES;
    private static final int SIZE = KEY + Blake2s.HASH_BYTES;
    private static final int PARAMETERS = SIZE + Long.BYTES;
    private static final int SCRATCH_BYTES = PARAMETERS + 2 * Libcrypto.PARAM_BYTES;

    private static final MethodHandle NEW;
    private static final MethodHandle COPY;
    private static final MethodHandle FREE;
    private static final MethodHandle INIT;
    private static final MethodHandle UPDATE;
    private static final MethodHandle FINAL;
    private static final @Nullable String MISSING;
    private static final long SIZE_NAME = Libcrypto.text("size");

    static {
        Libcrypto.Algorithm mac = new Libcrypto.Algorithm(Libcrypto.MAC, "BLAKE2SMAC");
        NEW = mac.function(1, Libcrypto.MAKE);
        COPY = mac.function(2, Libcrypto.MAKE);
        FREE = mac.function(3, Libcrypto.FREE);
        INIT = mac.function(4, Libcrypto.OF_4);
        UPDATE = mac.function(5, Libcrypto.OF_3);
        FINAL = mac.function(6, Libcrypto.OF_4);
        MISSING = mac.missing();
        TROUBLE = trouble();
    }

    private final Arena arena = Arena.ofShared();
    private final long scratch = arena.allocate(SCRATCH_BYTES, 16).address();
    private long context;
    /// A public key and the first byte of a message, hashed as far as that goes: BLAKE2s compresses the block of
    /// the key when the next byte comes. A copy of it then costs less than that block.
    private long begun;

    private Blake2sMac.@Nullable PublicKeyed begunKey;
    private byte begunByte;

    LibcryptoMac() {
        if (MISSING != null) {
            arena.close();
            throw new IllegalStateException(MISSING);
        }
        Memory.putNativeLong(scratch + SIZE, Blake2s.MAC_BYTES);
        Libcrypto.parameter(scratch + PARAMETERS, SIZE_NAME, Libcrypto.UNSIGNED_INTEGER, scratch + SIZE, Long.BYTES);
        try {
            context = (long) NEW.invokeExact(Libcrypto.providerContext());
            begun = (long) NEW.invokeExact(Libcrypto.providerContext());
            Libcrypto.require(context != 0 && begun != 0, "has no memory for a MAC");
        } catch (Throwable e) {
            close();
            throw NativeLibrary.unexpected(Libcrypto.PRODUCT, e);
        }
    }

    /// Tried with one example; the rest is for the unit tests. Keyed BLAKE2s-128 of the bytes 0, 1, 2 under the
    /// key 0, 1, … 31, from Python's hashlib.
    private static String trouble() {
        if (MISSING != null) {
            return MISSING;
        }
        byte[] key = new byte[Blake2s.HASH_BYTES];
        for (int i = 0; i < key.length; i++) {
            key[i] = (byte) i;
        }
        byte[] whole = new byte[Blake2s.MAC_BYTES];
        byte[] begun = new byte[Blake2s.MAC_BYTES];
        try (LibcryptoMac mac = new LibcryptoMac()) {
            mac.mac(key, key, 0, 3, whole, 0);
            mac.mac(new Blake2sMac.PublicKeyed(key), key, 3, begun);
        } catch (IllegalStateException e) {
            String message = e.getMessage();
            return message == null ? e.toString() : message;
        }
        String expected = "1e2a79436a7796a3e9826bfedf07659f";
        HexFormat hex = HexFormat.of();
        boolean right =
                hex.formatHex(whole).equals(expected) && hex.formatHex(begun).equals(expected);
        return right ? "" : Libcrypto.PRODUCT + " computes BLAKE2s wrongly";
    }

    /// As [Blake2sMac#mac].
    void mac(byte[] key, byte[] message, int offset, int length, byte[] out, int outOffset) {
        requireOpen();
        try {
            init(context, key);
            update(context, message, offset, length);
            finish(context, out, outOffset);
            Memory.zero(scratch + RESULT, SIZE - RESULT);
            init(context, Blake2s.HASH_BYTES); // the context would keep the key
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(Libcrypto.PRODUCT, e);
        }
    }

    /// The MAC of the first `length` bytes, one at least, to `out` at 0.
    @SuppressWarnings("ReferenceEquality") // another object costs a third more, once
    void mac(Blake2sMac.PublicKeyed key, byte[] message, int length, byte[] out) {
        requireOpen();
        try {
            if (key != begunKey || message[0] != begunByte) {
                begunKey = null;
                init(begun, key.key);
                update(begun, message, 0, 1);
                begunByte = message[0];
                begunKey = key;
            }
            long copy = (long) COPY.invokeExact(begun);
            Libcrypto.require(copy != 0, "has no memory for a MAC");
            try {
                update(copy, message, 1, length - 1);
                finish(copy, out, 0);
            } finally {
                FREE.invokeExact(copy);
            }
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(Libcrypto.PRODUCT, e);
        }
    }

    private void requireOpen() {
        if (context == 0) {
            throw new IllegalStateException("this MAC is closed");
        }
    }

    private void init(long mac, byte[] key) throws Throwable {
        Memory.copyIn(key, 0, scratch + KEY, key.length);
        init(mac, key.length);
    }

    private void init(long mac, int keyBytes) throws Throwable {
        boolean done = (int) INIT.invokeExact(mac, scratch + KEY, (long) keyBytes, scratch + PARAMETERS) == 1;
        Libcrypto.require(done, "refused the key of a MAC");
    }

    private void update(long mac, byte[] message, int offset, int length) throws Throwable {
        Objects.checkFromIndexSize(offset, length, message.length);
        for (int done = 0; done < length; ) {
            int part = Math.min(PART_BYTES, length - done);
            Memory.copyIn(message, offset + done, scratch, part);
            Libcrypto.require((int) UPDATE.invokeExact(mac, scratch, (long) part) == 1, "failed on a MAC");
            done += part;
        }
    }

    private void finish(long mac, byte[] out, int outOffset) throws Throwable {
        boolean done =
                (int) FINAL.invokeExact(mac, scratch + RESULT, scratch + RESULT_LENGTH, (long) Blake2s.MAC_BYTES) == 1;
        Libcrypto.require(done, "failed on a MAC");
        Memory.copyOut(scratch + RESULT, out, outOffset, Blake2s.MAC_BYTES);
    }

    @Override
    public void close() {
        long[] last = {context, begun};
        if (!arena.scope().isAlive()) {
            return;
        }
        context = 0;
        begun = 0;
        try {
            for (long mac : last) {
                if (mac != 0) {
                    FREE.invokeExact(mac);
                }
            }
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(Libcrypto.PRODUCT, e);
        }
        Memory.zero(scratch, SCRATCH_BYTES);
        arena.close();
    }
}
