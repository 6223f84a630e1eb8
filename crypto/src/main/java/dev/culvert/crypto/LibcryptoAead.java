package dev.culvert.crypto;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/// OpenSSL's libcrypto through its EVP interface (EVP_EncryptInit(3)), by java.lang.foreign, as every version from
/// 1.1 on has it: for machines without OpenSSL 3, where [SplitAead] is the faster. Zero allocation a packet.
///
/// The key goes to OpenSSL with each packet, so no native object hangs on a session; the context keeps a copy
/// of the last key until the next packet, [#forgetKey] or [#close], which cleanses it. Loading this class never
/// fails: what is missing on this machine is thrown by the constructor, as one sentence.
@SuppressWarnings("restricted") // one of the engines: the house's permitted places of native calls
public final class LibcryptoAead implements Aead {
    private static final int SEAL = 1;
    private static final int OPEN = 0;
    private static final int EVP_CTRL_AEAD_GET_TAG = 0x10;
    private static final int EVP_CTRL_AEAD_SET_TAG = 0x11;

    // A scratch slot: the 12-byte nonce, the int that OpenSSL writes lengths to, room for a final block.
    private static final int NONCE_COUNTER = HeapBuffers.NONCE_PREFIX_BYTES;
    private static final int WRITTEN = 16;
    private static final int FINAL_BLOCK = 32;
    private static final int NO_KEY = 64; // 32 zero bytes
    private static final int SLOT_BYTES = NO_KEY + KEY_BYTES;

    private static final MethodHandle CONTEXT_NEW;
    private static final MethodHandle CONTEXT_FREE;
    private static final MethodHandle CHACHA20_POLY1305;
    private static final MethodHandle INIT;
    private static final MethodHandle UPDATE;
    private static final MethodHandle FINAL;
    private static final MethodHandle CONTROL;
    private static final @Nullable String MISSING;

    static {
        NativeLibrary library = NativeLibrary.open("OpenSSL", "libcrypto.so.3", "libcrypto.so.1.1");
        CONTEXT_NEW = library.function("EVP_CIPHER_CTX_new", FunctionDescriptor.of(JAVA_LONG));
        CONTEXT_FREE = library.function("EVP_CIPHER_CTX_free", FunctionDescriptor.ofVoid(JAVA_LONG));
        CHACHA20_POLY1305 = library.function("EVP_chacha20_poly1305", FunctionDescriptor.of(JAVA_LONG));
        // Critical: no lock and no wait in these four, 13 microseconds for 64 KiB. It also keeps the JVM's end, a
        // safepoint, from running OpenSSL's exit handlers while a packet is inside.
        Linker.Option critical = Linker.Option.critical(false);
        INIT = library.function(
                "EVP_CipherInit_ex",
                FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT),
                critical);
        UPDATE = library.function(
                "EVP_CipherUpdate",
                FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT),
                critical);
        FINAL = library.function(
                "EVP_CipherFinal_ex", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG), critical);
        CONTROL = library.function(
                "EVP_CIPHER_CTX_ctrl",
                FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG),
                critical);
        MISSING = library.missing();
    }

    private final Arena arena = Arena.ofShared();
    private final long slot = arena.allocate(SLOT_BYTES, 16).address();
    private long context;

    LibcryptoAead() {
        this(0);
    }

    /// @param noncePrefix first four bytes of the nonce, little-endian: 0 but in tests of published vectors
    /// @throws IllegalStateException says why libcrypto cannot be used here
    LibcryptoAead(int noncePrefix) {
        Memory.putInt(slot, noncePrefix);
        try {
            context = newContext();
        } catch (IllegalStateException e) {
            arena.close();
            throw e;
        }
    }

    private static long newContext() {
        if (MISSING != null) {
            throw new IllegalStateException(MISSING);
        }
        try {
            long context = (long) CONTEXT_NEW.invokeExact();
            Libcrypto.require(context != 0, "has no memory for a cipher");
            long cipher = (long) CHACHA20_POLY1305.invokeExact();
            if ((int) INIT.invokeExact(context, cipher, 0L, 0L, 0L, SEAL) != 1) {
                CONTEXT_FREE.invokeExact(context);
                Libcrypto.require(false, "refuses ChaCha20-Poly1305; its configuration (FIPS mode?) may forbid it");
            }
            return context;
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(Libcrypto.PRODUCT, e);
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
        begin(key, counter, SEAL);
        update(0, aad, aadLength);
        update(dst, src, n);
        Libcrypto.require(finish(), "failed to seal a packet");
        control(EVP_CTRL_AEAD_GET_TAG, dst + n);
    }

    @Override
    public boolean open(long key, long dst, long src, int n, long counter, long aad, int aadLength) {
        begin(key, counter, OPEN);
        control(EVP_CTRL_AEAD_SET_TAG, src + n);
        update(0, aad, aadLength);
        update(dst, src, n);
        return finish();
    }

    private void begin(long key, long counter, int direction) {
        if (context == 0) {
            throw new IllegalStateException("this cipher is closed");
        }
        Memory.putLong(slot + NONCE_COUNTER, counter);
        try {
            Libcrypto.require((int) INIT.invokeExact(context, 0L, 0L, key, slot, direction) == 1, "refused a key");
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(Libcrypto.PRODUCT, e);
        }
    }

    /// `dst` 0 makes `src` additional data.
    private void update(long dst, long src, int n) {
        assert n >= 0 && n <= MAX_PLAINTEXT_BYTES : n;
        if (n == 0) {
            return;
        }
        try {
            boolean done = (int) UPDATE.invokeExact(context, dst, slot + WRITTEN, src, n) == 1;
            Libcrypto.require(done && Memory.getNativeInt(slot + WRITTEN) == n, "failed on a packet");
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(Libcrypto.PRODUCT, e);
        }
    }

    /// False is a wrong tag, when opening.
    private boolean finish() {
        try {
            return (int) FINAL.invokeExact(context, slot + FINAL_BLOCK, slot + WRITTEN) == 1;
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(Libcrypto.PRODUCT, e);
        }
    }

    private void control(int command, long tag) {
        try {
            Libcrypto.require((int) CONTROL.invokeExact(context, command, TAG_BYTES, tag) == 1, "refused a tag");
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(Libcrypto.PRODUCT, e);
        }
    }

    @Override
    public void forgetKey() {
        if (context != 0) {
            begin(slot + NO_KEY, 0, SEAL);
        }
    }

    @Override
    public String name() {
        return AeadEngine.LIBCRYPTO.operatorName();
    }

    @Override
    public void close() {
        long last = context;
        if (last == 0) {
            return;
        }
        context = 0;
        try {
            CONTEXT_FREE.invokeExact(last);
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(Libcrypto.PRODUCT, e);
        }
        arena.close();
    }
}
