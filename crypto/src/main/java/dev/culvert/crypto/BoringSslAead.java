package dev.culvert.crypto;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/// BoringSSL's ChaCha20-Poly1305 by its `EVP_AEAD` functions, where a distribution has it as a library (Debian and
/// Ubuntu: android-libboringssl). Its cipher and its authenticator run interleaved, in AVX2: without AVX-512 it takes
/// two thirds of OpenSSL's time for a full packet, and half for a short one. Zero allocation a packet.
///
/// The context keeps a copy of the last key until the next packet, [#forgetKey] or [#close].
@SuppressWarnings("restricted") // one of the engines: the house's permitted places of native calls
public final class BoringSslAead implements Aead {
    private static final String PRODUCT = "BoringSSL";

    // A scratch slot: the nonce, the length that it writes, no key, a packet of nothing, and the context:
    // `evp_aead_ctx_st`, which has held
    // 600 bytes at most.
    private static final int NONCE_COUNTER = HeapBuffers.NONCE_PREFIX_BYTES;
    private static final long NONCE_BYTES = HeapBuffers.NONCE_BYTES;
    private static final int WRITTEN = 16;
    private static final int NO_KEY = 32;
    private static final int NOTHING_SEALED = NO_KEY + KEY_BYTES;
    private static final int CONTEXT = NOTHING_SEALED + TAG_BYTES;
    private static final int CONTEXT_BYTES = 1_024;
    private static final int SLOT_BYTES = CONTEXT + CONTEXT_BYTES;

    private static final MethodHandle ALGORITHM;
    private static final MethodHandle INIT;
    private static final MethodHandle CLEANUP;
    private static final MethodHandle SEAL;
    private static final MethodHandle OPEN;
    private static final @Nullable String MISSING;

    static {
        // By path: its soname is also that of other libraries.
        NativeLibrary library = NativeLibrary.open(
                PRODUCT,
                "/usr/lib/x86_64-linux-gnu/android/libcrypto.so.0",
                "/usr/lib/aarch64-linux-gnu/android/libcrypto.so.0");
        // Critical: no lock, no wait, at most the time of 64 KiB; and never inside at the JVM's end.
        Linker.Option critical = Linker.Option.critical(false);
        ALGORITHM = library.function("EVP_aead_chacha20_poly1305", FunctionDescriptor.of(JAVA_LONG));
        INIT = library.function(
                "EVP_AEAD_CTX_init",
                FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
                critical);
        CLEANUP = library.function("EVP_AEAD_CTX_cleanup", FunctionDescriptor.ofVoid(JAVA_LONG));
        FunctionDescriptor run = FunctionDescriptor.of(
                JAVA_INT, JAVA_LONG, // context
                JAVA_LONG, // target
                JAVA_LONG, // where the length goes
                JAVA_LONG, // room
                JAVA_LONG, // nonce
                JAVA_LONG, // its length
                JAVA_LONG, // source
                JAVA_LONG, // its length
                JAVA_LONG, // additional data
                JAVA_LONG); // its length
        SEAL = library.function("EVP_AEAD_CTX_seal", run, critical);
        OPEN = library.function("EVP_AEAD_CTX_open", run, critical);
        MISSING = library.missing();
    }

    private final Arena arena = Arena.ofShared();
    private final long slot = arena.allocate(SLOT_BYTES, 16).address();
    private final long algorithm;
    private boolean open = true;

    BoringSslAead() {
        this(0);
    }

    /// @param noncePrefix first four bytes of the nonce, little-endian: 0 but in tests of published vectors
    /// @throws IllegalStateException says why the library cannot be used here
    BoringSslAead(int noncePrefix) {
        Memory.putInt(slot, noncePrefix);
        try {
            if (MISSING != null) {
                throw new IllegalStateException(MISSING + "; install android-libboringssl");
            }
            algorithm = (long) ALGORITHM.invokeExact();
            key(slot + NO_KEY);
        } catch (Throwable e) {
            arena.close();
            throw NativeLibrary.unexpected(PRODUCT, e);
        }
    }

    /// For this algorithm it copies 32 bytes and allocates nothing.
    private void key(long key) throws Throwable {
        boolean done =
                (int) INIT.invokeExact(slot + CONTEXT, algorithm, key, (long) KEY_BYTES, (long) TAG_BYTES, 0L) == 1;
        require(done, "refused a key");
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
        assert n >= 0 && n <= MAX_PLAINTEXT_BYTES : n;
        try {
            begin(key, counter);
            boolean done = (int) SEAL.invokeExact(
                            slot + CONTEXT,
                            dst,
                            slot + WRITTEN,
                            (long) n + TAG_BYTES,
                            slot,
                            NONCE_BYTES,
                            src,
                            (long) n,
                            aad,
                            (long) aadLength)
                    == 1;
            require(done && Memory.getNativeLong(slot + WRITTEN) == n + TAG_BYTES, "failed on a packet");
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(PRODUCT, e);
        }
    }

    @Override
    public boolean open(long key, long dst, long src, int n, long counter, long aad, int aadLength) {
        assert n >= 0 && n <= MAX_PLAINTEXT_BYTES : n;
        try {
            begin(key, counter);
            return (int) OPEN.invokeExact(
                            slot + CONTEXT,
                            dst,
                            slot + WRITTEN,
                            (long) n,
                            slot,
                            NONCE_BYTES,
                            src,
                            (long) n + TAG_BYTES,
                            aad,
                            (long) aadLength)
                    == 1;
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(PRODUCT, e);
        }
    }

    private void begin(long key, long counter) throws Throwable {
        if (!open) {
            throw new IllegalStateException("this cipher is closed");
        }
        Memory.putLong(slot + NONCE_COUNTER, counter);
        key(key);
    }

    private static void require(boolean done, String failure) {
        if (!done) {
            throw new IllegalStateException(PRODUCT + " " + failure);
        }
    }

    /// The library leaves copies of the key on the stack too. The next calls of the same kind overwrite those of the
    /// same depth, and no others: so an operator must ask for this engine.
    @Override
    public void forgetKey() {
        if (open) {
            seal(slot + NO_KEY, slot + NOTHING_SEALED, slot + NOTHING_SEALED, 0, 0);
            boolean genuine = open(slot + NO_KEY, slot + NOTHING_SEALED, slot + NOTHING_SEALED, 0, 0);
            assert genuine;
        }
    }

    @Override
    public String name() {
        return AeadEngine.BORINGSSL.operatorName();
    }

    @Override
    public void close() {
        if (!open) {
            return;
        }
        open = false;
        try {
            CLEANUP.invokeExact(slot + CONTEXT);
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(PRODUCT, e);
        }
        Memory.zero(slot, SLOT_BYTES);
        arena.close();
    }
}
