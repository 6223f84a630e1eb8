package dev.culvert.crypto;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/// Intel's multi-buffer library (intel-ipsec-mb from 1.5 on) by its function for QUIC's ChaCha20-Poly1305, which
/// is RFC 8439's. With AVX-512 IFMA it takes half of OpenSSL's time. Its maker says that its resistance to side
/// channels was not validated. Zero allocation a packet.
///
/// Only exported functions, no field of its structures. It computes the tag and leaves the comparison to the
/// caller, so [#open] does it, in constant time. One packet a call: a call for many takes as long a packet. The
/// manager may keep a copy of the last key until the next packet, [#forgetKey] or [#close].
@SuppressWarnings("restricted") // one of the engines: the house's permitted places of native calls
public final class IpsecMbAead implements Aead {
    private static final String PRODUCT = "Intel's multi-buffer library";

    // IMB_CIPHER_DIRECTION.
    private static final int SEAL = 1;
    private static final int OPEN = 2;

    // A scratch slot: nonce, tag that was computed, then the arrays of one element that the call takes, then 32
    // bytes of no key.
    private static final int NONCE_COUNTER = HeapBuffers.NONCE_PREFIX_BYTES;
    private static final int COMPUTED_TAG = 16;
    private static final int TARGETS = 32;
    private static final int SOURCES = TARGETS + Long.BYTES;
    private static final int LENGTHS = SOURCES + Long.BYTES;
    private static final int NONCES = LENGTHS + Long.BYTES;
    private static final int AADS = NONCES + Long.BYTES;
    private static final int TAGS = AADS + Long.BYTES;
    private static final int NO_KEY = TAGS + Long.BYTES;
    private static final int SLOT_BYTES = NO_KEY + KEY_BYTES;

    private static final MethodHandle MANAGER_NEW;
    private static final MethodHandle MANAGER_INIT;
    private static final MethodHandle MANAGER_FREE;
    private static final MethodHandle ERROR;
    private static final MethodHandle RUN;
    private static final @Nullable String MISSING;

    static {
        NativeLibrary library = NativeLibrary.open(PRODUCT, "libIPSec_MB.so.2", "libIPSec_MB.so.1");
        MANAGER_NEW = library.function("alloc_mb_mgr", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG));
        MANAGER_INIT = library.function("init_mb_mgr_auto", FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG));
        MANAGER_FREE = library.function("free_mb_mgr", FunctionDescriptor.ofVoid(JAVA_LONG));
        // Critical: no lock, no wait, at most the time of 64 KiB; and never inside at the JVM's end.
        Linker.Option critical = Linker.Option.critical(false);
        ERROR = library.function("imb_get_errno", FunctionDescriptor.of(JAVA_INT, JAVA_LONG), critical);
        RUN = library.function(
                "imb_quic_chacha20_poly1305",
                FunctionDescriptor.ofVoid(
                        JAVA_LONG, // manager
                        JAVA_LONG, // key
                        JAVA_INT, // direction
                        JAVA_LONG, // targets
                        JAVA_LONG, // sources
                        JAVA_LONG, // lengths
                        JAVA_LONG, // nonces
                        JAVA_LONG, // additional data
                        JAVA_LONG, // its length
                        JAVA_LONG, // tags
                        JAVA_LONG), // packets
                critical);
        MISSING = library.missing();
    }

    private final Arena arena = Arena.ofShared();
    private final long slot = arena.allocate(SLOT_BYTES, 16).address();
    private long manager;

    IpsecMbAead() {
        this(0);
    }

    /// @param noncePrefix first four bytes of the nonce, little-endian: 0 but in tests of published vectors
    /// @throws IllegalStateException says why the library cannot be used here
    IpsecMbAead(int noncePrefix) {
        Memory.putInt(slot, noncePrefix);
        Memory.putNativeLong(slot + NONCES, slot);
        try {
            manager = newManager();
        } catch (IllegalStateException e) {
            arena.close();
            throw e;
        }
    }

    private long newManager() {
        if (MISSING != null) {
            throw new IllegalStateException(MISSING + "; install version 1.5 or later (Debian 13: libipsec-mb2,"
                    + " Ubuntu 24.04: libipsec-mb1)");
        }
        try {
            long fresh = (long) MANAGER_NEW.invokeExact(0L);
            require(fresh != 0, "has no memory for a cipher");
            MANAGER_INIT.invokeExact(fresh, 0L);
            int error = (int) ERROR.invokeExact(fresh);
            if (error != 0) {
                MANAGER_FREE.invokeExact(fresh);
                require(false, "does not support this CPU (its error " + error + ")");
            }
            return fresh;
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(PRODUCT, e);
        }
    }

    @Override
    public void seal(long key, long dst, long src, int n, long counter) {
        seal(key, dst, src, n, counter, 0, 0);
    }

    @Override
    public boolean open(long key, long dst, long src, int n, long counter) {
        return open(key, dst, src, n, counter, 0, 0);
    }

    @Override
    public void seal(long key, long dst, long src, int n, long counter, long aad, int aadLength) {
        run(key, SEAL, dst, src, n, counter, aad, aadLength, dst + n);
    }

    @Override
    public boolean open(long key, long dst, long src, int n, long counter, long aad, int aadLength) {
        // Before the plaintext may overwrite anything: the tag as it came.
        long first = Memory.getLong(src + n);
        long last = Memory.getLong(src + n + Long.BYTES);
        run(key, OPEN, dst, src, n, counter, aad, aadLength, slot + COMPUTED_TAG);
        first ^= Memory.getLong(slot + COMPUTED_TAG);
        last ^= Memory.getLong(slot + COMPUTED_TAG + Long.BYTES);
        return (first | last) == 0;
    }

    private void run(
            long key, int direction, long dst, long src, int n, long counter, long aad, int aadLength, long tag) {
        assert n >= 0 && n <= MAX_PLAINTEXT_BYTES : n;
        if (manager == 0) {
            throw new IllegalStateException("this cipher is closed");
        }
        Memory.putLong(slot + NONCE_COUNTER, counter);
        Memory.putNativeLong(slot + TARGETS, dst);
        Memory.putNativeLong(slot + SOURCES, src);
        Memory.putNativeLong(slot + LENGTHS, n);
        // It refuses a null pointer even for no bytes.
        Memory.putNativeLong(slot + AADS, aadLength == 0 ? slot : aad);
        Memory.putNativeLong(slot + TAGS, tag);
        try {
            RUN.invokeExact(
                    manager,
                    key,
                    direction,
                    slot + TARGETS,
                    slot + SOURCES,
                    slot + LENGTHS,
                    slot + NONCES,
                    slot + AADS,
                    (long) aadLength,
                    slot + TAGS,
                    1L);
            require((int) ERROR.invokeExact(manager) == 0, "failed on a packet");
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(PRODUCT, e);
        }
    }

    private static void require(boolean done, String failure) {
        if (!done) {
            throw new IllegalStateException(PRODUCT + " " + failure);
        }
    }

    @Override
    public void forgetKey() {
        if (manager != 0) {
            run(slot + NO_KEY, SEAL, slot + COMPUTED_TAG, slot, 0, 0, 0, 0, slot + COMPUTED_TAG);
        }
    }

    @Override
    public String name() {
        return AeadEngine.IPSEC_MB.operatorName();
    }

    @Override
    public void close() {
        if (manager == 0) {
            return;
        }
        forgetKey();
        long last = manager;
        manager = 0;
        try {
            MANAGER_FREE.invokeExact(last);
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(PRODUCT, e);
        }
        arena.close();
    }
}
