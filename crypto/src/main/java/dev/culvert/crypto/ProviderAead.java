package dev.culvert.crypto;

import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/// ChaCha20-Poly1305 of OpenSSL 3 by the functions of its provider (provider-cipher(7)), see [Libcrypto]: for what
/// [SplitAead] leaves to it. Zero allocation a packet.
///
/// The key goes to OpenSSL with each packet, so no native object hangs on a session; the context keeps a copy
/// of the last key until the next packet, [#forgetKey] or [#close], which cleanses it. Loading this class never
/// fails: what is missing on this machine is thrown by the constructor, as one sentence.
public final class ProviderAead implements Aead {
    private static final long NONCE_BYTES = HeapBuffers.NONCE_BYTES;

    // A scratch slot: the 12-byte nonce, the size that OpenSSL writes lengths to, the tag as parameter,
    // the key that the context holds.
    private static final int NONCE_COUNTER = HeapBuffers.NONCE_PREFIX_BYTES;
    private static final int WRITTEN = 16;
    private static final int TAG = 32;
    private static final int LAST_KEY = TAG + 2 * Libcrypto.PARAM_BYTES;
    private static final int SLOT_BYTES = LAST_KEY + KEY_BYTES;

    private static final MethodHandle CONTEXT_NEW;
    private static final MethodHandle CONTEXT_FREE;
    private static final MethodHandle SEAL;
    private static final MethodHandle OPEN;
    private static final MethodHandle UPDATE;
    private static final MethodHandle FINAL;
    private static final MethodHandle GET_PARAMETERS;
    private static final @Nullable String MISSING;
    private static final long TAG_NAME = Libcrypto.text("tag");

    static {
        Libcrypto.Algorithm cipher = new Libcrypto.Algorithm(Libcrypto.CIPHER, "ChaCha20-Poly1305");
        CONTEXT_NEW = cipher.function(1, Libcrypto.MAKE);
        CONTEXT_FREE = cipher.function(7, Libcrypto.FREE);
        SEAL = cipher.function(2, Libcrypto.OF_6);
        OPEN = cipher.function(3, Libcrypto.OF_6);
        UPDATE = cipher.function(4, Libcrypto.OF_6);
        FINAL = cipher.function(5, Libcrypto.OF_4);
        GET_PARAMETERS = cipher.function(10, Libcrypto.OF_2);
        MISSING = cipher.missing();
    }

    private final Arena arena = Arena.ofShared();
    private final long slot = arena.allocate(SLOT_BYTES, 16).address();
    private long context;
    private boolean keyed;

    ProviderAead() {
        this(0);
    }

    /// @param noncePrefix first four bytes of the nonce, little-endian: 0 but in tests of published vectors
    /// @throws IllegalStateException says why OpenSSL 3 cannot be used here
    ProviderAead(int noncePrefix) {
        Memory.putInt(slot, noncePrefix);
        Libcrypto.parameter(slot + TAG, TAG_NAME, Libcrypto.OCTETS, 0, TAG_BYTES);
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
            long context = (long) CONTEXT_NEW.invokeExact(Libcrypto.providerContext());
            Libcrypto.require(context != 0, "has no memory for a cipher");
            return context;
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(Libcrypto.PRODUCT, e);
        }
    }

    /// Whether it works here.
    static boolean isOffered() {
        return MISSING == null;
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
        try {
            long fresh = begin(key, counter);
            requireKeyed((int) SEAL.invokeExact(context, fresh, (long) KEY_BYTES, slot, NONCE_BYTES, 0L) == 1);
            update(0, aad, aadLength);
            update(dst, src, n);
            Libcrypto.require(finish(), "failed to seal a packet");
            Libcrypto.data(slot + TAG, dst + n);
            Libcrypto.require((int) GET_PARAMETERS.invokeExact(context, slot + TAG) == 1, "refused a tag");
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(Libcrypto.PRODUCT, e);
        }
    }

    @Override
    public boolean open(long key, long dst, long src, int n, long counter, long aad, int aadLength) {
        try {
            long fresh = begin(key, counter);
            Libcrypto.data(slot + TAG, src + n);
            requireKeyed((int) OPEN.invokeExact(context, fresh, (long) KEY_BYTES, slot, NONCE_BYTES, slot + TAG) == 1);
            update(0, aad, aadLength);
            update(dst, src, n);
            return finish();
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(Libcrypto.PRODUCT, e);
        }
    }

    /// The key to hand to OpenSSL, 0 if the context holds it: packets in a row are often of one session, and
    /// setting it is a tenth of the time of a short one. Compared in constant time.
    private long begin(long key, long counter) {
        if (context == 0) {
            throw new IllegalStateException("this cipher is closed");
        }
        Memory.putLong(slot + NONCE_COUNTER, counter);
        long difference = 0;
        for (int i = 0; i < KEY_BYTES; i += Long.BYTES) {
            difference |= Memory.getLong(key + i) ^ Memory.getLong(slot + LAST_KEY + i);
        }
        if (keyed && difference == 0) {
            return 0;
        }
        Memory.copy(key, slot + LAST_KEY, KEY_BYTES);
        keyed = true;
        return key;
    }

    private void requireKeyed(boolean done) {
        if (!done) {
            keyed = false;
            Libcrypto.require(false, "refused a key");
        }
    }

    /// `dst` 0 makes `src` additional data.
    private void update(long dst, long src, int n) throws Throwable {
        assert n >= 0 && n <= MAX_PLAINTEXT_BYTES : n;
        if (n == 0) {
            return;
        }
        boolean done = (int) UPDATE.invokeExact(context, dst, slot + WRITTEN, (long) n, src, (long) n) == 1;
        Libcrypto.require(done && Memory.getNativeLong(slot + WRITTEN) == n, "failed on a packet");
    }

    /// False is a wrong tag, when opening.
    private boolean finish() throws Throwable {
        return (int) FINAL.invokeExact(context, 0L, slot + WRITTEN, 0L) == 1;
    }

    @Override
    public void forgetKey() {
        if (context == 0) {
            return;
        }
        keyed = false;
        Memory.zero(slot + LAST_KEY, KEY_BYTES);
        try {
            boolean done =
                    (int) SEAL.invokeExact(context, slot + LAST_KEY, (long) KEY_BYTES, slot, NONCE_BYTES, 0L) == 1;
            Libcrypto.require(done, "refused to forget a key");
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
        long last = context;
        if (last == 0) {
            return;
        }
        context = 0;
        Memory.zero(slot, SLOT_BYTES);
        try {
            CONTEXT_FREE.invokeExact(last);
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(Libcrypto.PRODUCT, e);
        }
        arena.close();
    }
}
