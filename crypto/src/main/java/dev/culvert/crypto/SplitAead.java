package dev.culvert.crypto;

import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/// The default engine: RFC 8439 put together from ChaCha20 and Poly1305 of OpenSSL 3, see [Libcrypto]. Zero
/// allocation a packet.
///
/// OpenSSL's own ChaCha20-Poly1305 computes the block of keystream that makes the Poly1305 key by a call for itself,
/// and a second such call for what is left behind the last whole block: as long as 8 blocks each. Here one call over
/// the key's block, the packet and zeros up to a whole block does all of it, in memory of this class. So a packet is
/// copied twice within the first-level cache, which costs a tenth of what it saves. Longer packets, and those with
/// additional data, are [ProviderAead]'s.
///
/// The contexts keep a copy of the last key until the next packet, [#forgetKey] or [#close].
public final class SplitAead implements Aead {
    private static final int BLOCK_BYTES = 64;
    private static final int PART_BYTES = 16;
    /// A jumbo frame's packet.
    private static final int SHORT_MAX = 9_216;

    // The counter of blocks, of 4 bytes and always from 0, then the nonce (RFC 8439, 2.3).
    private static final int IV_BYTES = 16;
    private static final int IV_NONCE = 4;
    private static final int IV_COUNTER = IV_NONCE + HeapBuffers.NONCE_PREFIX_BYTES;
    // The memory: the above, the length that OpenSSL writes, a tag, no key, and the input and output of ChaCha20: a
    // block, the packet, and room for padding and lengths, in whole blocks. The input's first block stays zero.
    private static final int WRITTEN = IV_BYTES;
    private static final int TAG = WRITTEN + 16;
    private static final int NO_KEY = TAG + TAG_BYTES;
    private static final int IN = NO_KEY + KEY_BYTES + 32;
    private static final int AREA_BYTES = BLOCK_BYTES + SHORT_MAX + BLOCK_BYTES;
    private static final int OUT = IN + AREA_BYTES;
    private static final int MEMORY_BYTES = OUT + AREA_BYTES;

    private static final MethodHandle CIPHER_NEW;
    private static final MethodHandle CIPHER_FREE;
    private static final MethodHandle CIPHER_BEGIN;
    private static final MethodHandle CIPHER_RUN;
    private static final MethodHandle MAC_NEW;
    private static final MethodHandle MAC_FREE;
    private static final MethodHandle MAC_BEGIN;
    private static final MethodHandle MAC_UPDATE;
    private static final MethodHandle MAC_FINAL;
    private static final @Nullable String MISSING;

    static {
        Libcrypto.Algorithm cipher = new Libcrypto.Algorithm(Libcrypto.CIPHER, "ChaCha20");
        CIPHER_NEW = cipher.function(1, Libcrypto.MAKE);
        CIPHER_BEGIN = cipher.function(2, Libcrypto.OF_6);
        CIPHER_RUN = cipher.function(6, Libcrypto.OF_6);
        CIPHER_FREE = cipher.function(7, Libcrypto.FREE);
        Libcrypto.Algorithm mac = new Libcrypto.Algorithm(Libcrypto.MAC, "POLY1305");
        MAC_NEW = mac.function(1, Libcrypto.MAKE);
        MAC_FREE = mac.function(3, Libcrypto.FREE);
        MAC_BEGIN = mac.function(4, Libcrypto.OF_4);
        MAC_UPDATE = mac.function(5, Libcrypto.OF_3);
        MAC_FINAL = mac.function(6, Libcrypto.OF_4);
        MISSING = cipher.missing() == null ? mac.missing() : cipher.missing();
    }

    private final ProviderAead whole;
    private final Arena arena = Arena.ofShared();
    private final long memory = arena.allocate(MEMORY_BYTES, BLOCK_BYTES).address();
    private long cipher;
    private long mac;

    SplitAead() {
        this(0);
    }

    /// @param noncePrefix first four bytes of the nonce, little-endian: 0 but in tests of published vectors
    /// @throws IllegalStateException says why OpenSSL 3 cannot be used here
    SplitAead(int noncePrefix) {
        if (MISSING != null) {
            arena.close();
            throw new IllegalStateException(MISSING);
        }
        whole = new ProviderAead(noncePrefix);
        Memory.putInt(memory + IV_NONCE, noncePrefix);
        try {
            cipher = (long) CIPHER_NEW.invokeExact(Libcrypto.providerContext());
            mac = (long) MAC_NEW.invokeExact(Libcrypto.providerContext());
            Libcrypto.require(cipher != 0 && mac != 0, "has no memory for a cipher");
        } catch (Throwable e) {
            close();
            throw NativeLibrary.unexpected(Libcrypto.PRODUCT, e);
        }
    }

    /// Whether [AeadEngine#LIBCRYPTO] is this class here.
    static boolean isOffered() {
        return MISSING == null && ProviderAead.isOffered();
    }

    @Override
    public void seal(long key, long dst, long src, int n, long counter) {
        if (n > SHORT_MAX) {
            whole.seal(key, dst, src, n, counter);
            return;
        }
        Memory.copy(src, memory + IN + BLOCK_BYTES, n);
        try {
            run(key, n, counter);
            authenticate(memory + OUT, n, dst + n);
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(Libcrypto.PRODUCT, e);
        }
        Memory.copy(memory + OUT + BLOCK_BYTES, dst, n);
    }

    @Override
    public boolean open(long key, long dst, long src, int n, long counter) {
        if (n > SHORT_MAX) {
            return whole.open(key, dst, src, n, counter);
        }
        Memory.copy(src, memory + IN + BLOCK_BYTES, n);
        try {
            run(key, n, counter);
            authenticate(memory + IN, n, memory + TAG);
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(Libcrypto.PRODUCT, e);
        }
        long difference = Memory.getLong(src + n) ^ Memory.getLong(memory + TAG)
                | Memory.getLong(src + n + Long.BYTES) ^ Memory.getLong(memory + TAG + Long.BYTES);
        if (difference != 0) {
            return false;
        }
        Memory.copy(memory + OUT + BLOCK_BYTES, dst, n);
        return true;
    }

    @Override
    public void seal(long key, long dst, long src, int n, long counter, long aad, int aadLength) {
        whole.seal(key, dst, src, n, counter, aad, aadLength);
    }

    @Override
    public boolean open(long key, long dst, long src, int n, long counter, long aad, int aadLength) {
        return whole.open(key, dst, src, n, counter, aad, aadLength);
    }

    /// From the first area to the second: the Poly1305 key to its begin, the packet behind that block.
    private void run(long key, int n, long counter) throws Throwable {
        assert n >= 0;
        if (cipher == 0) {
            throw new IllegalStateException("this cipher is closed");
        }
        Memory.putLong(memory + IV_COUNTER, counter);
        boolean begun = (int) CIPHER_BEGIN.invokeExact(cipher, key, (long) KEY_BYTES, memory, (long) IV_BYTES, 0L) == 1;
        Libcrypto.require(begun, "refused a key");
        // Up to a whole block: what stands there is of the packet before, and is not looked at.
        long length = (long) n + 2 * BLOCK_BYTES - 1 & -BLOCK_BYTES;
        boolean done =
                (int) CIPHER_RUN.invokeExact(cipher, memory + OUT, memory + WRITTEN, length, memory + IN, length) == 1;
        Libcrypto.require(done && Memory.getNativeLong(memory + WRITTEN) == length, "failed on a packet");
    }

    /// The tag of the ciphertext in `area`: padded with zeros, its lengths behind it (RFC 8439, 2.8).
    private void authenticate(long area, int n, long tag) throws Throwable {
        long end = area + BLOCK_BYTES + n;
        int padding = -n & PART_BYTES - 1;
        Memory.zero(end, padding);
        Memory.putLong(end + padding, 0);
        Memory.putLong(end + padding + Long.BYTES, n);
        boolean done = (int) MAC_BEGIN.invokeExact(mac, memory + OUT, (long) KEY_BYTES, 0L) == 1
                && (int) MAC_UPDATE.invokeExact(mac, area + BLOCK_BYTES, (long) n + padding + PART_BYTES) == 1
                && (int) MAC_FINAL.invokeExact(mac, tag, memory + WRITTEN, (long) TAG_BYTES) == 1;
        Libcrypto.require(done, "failed on a tag");
    }

    @Override
    public void forgetKey() {
        if (cipher == 0) {
            return;
        }
        whole.forgetKey();
        try {
            run(memory + NO_KEY, 0, 0);
            authenticate(memory + OUT, 0, memory + TAG);
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(Libcrypto.PRODUCT, e);
        }
    }

    @Override
    public String name() {
        return AeadEngine.LIBCRYPTO.operatorName();
    }

    @Override
    public void close() {
        whole.close();
        if (!arena.scope().isAlive()) {
            return;
        }
        Memory.zero(memory, MEMORY_BYTES);
        try {
            if (cipher != 0) {
                CIPHER_FREE.invokeExact(cipher);
            }
            if (mac != 0) {
                MAC_FREE.invokeExact(mac);
            }
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(Libcrypto.PRODUCT, e);
        }
        cipher = 0;
        mac = 0;
        arena.close();
    }
}
