package dev.culvert.crypto;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The default engine: OpenSSL's libcrypto through its EVP interface (EVP_EncryptInit(3)), by
/// java.lang.foreign. Zero allocation a packet.
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

    /// Of every function, as in the gateway's `Libc`: six registers, more than any of them reads. An int comes
    /// back with an undefined upper half.
    private static final FunctionDescriptor SHAPE =
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    /// No lock and no wait in them, 13 microseconds for 64 KiB. It also keeps the JVM's end, a safepoint, from
    /// running OpenSSL's exit handlers while a packet is inside.
    private static final Linker.Option CRITICAL = Linker.Option.critical(false);

    private static final MethodHandle CONTEXT_NEW;
    private static final MethodHandle CONTEXT_FREE;
    private static final MethodHandle CHACHA20_POLY1305;
    private static final MethodHandle INIT;
    private static final MethodHandle UPDATE;
    private static final MethodHandle FINAL;
    private static final MethodHandle CONTROL;
    private static final @Nullable String MISSING;

    static {
        Library library = Library.open("libcrypto.so.3", "libcrypto.so.1.1");
        CONTEXT_NEW = library.function("EVP_CIPHER_CTX_new");
        CONTEXT_FREE = library.function("EVP_CIPHER_CTX_free");
        CHACHA20_POLY1305 = library.function("EVP_chacha20_poly1305");
        INIT = library.function("EVP_CipherInit_ex");
        UPDATE = library.function("EVP_CipherUpdate");
        FINAL = library.function("EVP_CipherFinal_ex");
        CONTROL = library.function("EVP_CIPHER_CTX_ctrl");
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
            long context = (long) CONTEXT_NEW.invokeExact(0L, 0L, 0L, 0L, 0L, 0L);
            require(context != 0, "has no memory for a cipher");
            long cipher = (long) CHACHA20_POLY1305.invokeExact(0L, 0L, 0L, 0L, 0L, 0L);
            if ((int) (long) INIT.invokeExact(context, cipher, 0L, 0L, 0L, (long) SEAL) != 1) {
                free(context);
                require(false, "refuses ChaCha20-Poly1305; its configuration (FIPS mode?) may forbid it");
            }
            return context;
        } catch (Throwable e) {
            throw unexpected(e);
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
        require(finish(), "failed to seal a packet");
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
            require((int) (long) INIT.invokeExact(context, 0L, 0L, key, slot, (long) direction) == 1, "refused a key");
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// `dst` 0 makes `src` additional data.
    private void update(long dst, long src, int n) {
        assert n >= 0 && n <= MAX_PLAINTEXT_BYTES : n;
        if (n == 0) {
            return;
        }
        try {
            boolean done = (int) (long) UPDATE.invokeExact(context, dst, slot + WRITTEN, src, (long) n, 0L) == 1;
            require(done && Memory.getNativeInt(slot + WRITTEN) == n, "failed on a packet");
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// False is a wrong tag, when opening.
    private boolean finish() {
        try {
            return (int) (long) FINAL.invokeExact(context, slot + FINAL_BLOCK, slot + WRITTEN, 0L, 0L, 0L) == 1;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private void control(int command, long tag) {
        try {
            require(
                    (int) (long) CONTROL.invokeExact(context, (long) command, (long) TAG_BYTES, tag, 0L, 0L) == 1,
                    "refused a tag");
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static void require(boolean done, String failure) {
        if (!done) {
            throw new IllegalStateException("OpenSSL's libcrypto " + failure);
        }
    }

    private static RuntimeException unexpected(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        return thrown instanceof RuntimeException runtime
                ? runtime
                : new IllegalStateException("a call of OpenSSL's libcrypto failed", thrown);
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
        free(last);
        arena.close();
    }

    private static void free(long context) {
        try {
            long _ = (long) CONTEXT_FREE.invokeExact(context, 0L, 0L, 0L, 0L, 0L); // void
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// A shared library and the first thing that was missing in it. Throws nothing, so that it can be used
    /// where a class is initialised.
    static final class Library {
        private final @Nullable SymbolLookup symbols;
        private final String soname;
        private @Nullable String missing;

        private Library(@Nullable SymbolLookup symbols, String soname, @Nullable String missing) {
            this.symbols = symbols;
            this.soname = soname;
            this.missing = missing;
        }

        /// The first of the sonames that can be loaded.
        static Library open(String... sonames) {
            for (String soname : sonames) {
                try {
                    return new Library(SymbolLookup.libraryLookup(soname, Arena.global()), soname, null);
                } catch (IllegalArgumentException e) {
                    // Not on this machine: the next one.
                } catch (IllegalCallerException e) {
                    return new Library(null, soname, nativeAccessDenied());
                }
            }
            String names = String.join(" or ", sonames);
            return new Library(null, names, "OpenSSL is not installed here: there is no " + names);
        }

        /// A function, or a handle that must not be called if [#missing] says something.
        MethodHandle function(String name) {
            if (symbols != null) {
                Optional<MemorySegment> symbol = symbols.find(name);
                if (symbol.isEmpty()) {
                    complain(soname + " has no function " + name);
                } else {
                    try {
                        return Linker.nativeLinker().downcallHandle(symbol.get(), SHAPE, CRITICAL);
                    } catch (IllegalCallerException e) {
                        complain(nativeAccessDenied());
                    } catch (UnsupportedOperationException | IllegalArgumentException e) {
                        complain("this Java runtime cannot call " + name + " of " + soname);
                    }
                }
            }
            return MethodHandles.empty(SHAPE.toMethodType());
        }

        private void complain(String sentence) {
            if (missing == null) {
                missing = sentence;
            }
        }

        private static String nativeAccessDenied() {
            return "native access is denied: start java with --enable-native-access=ALL-UNNAMED";
        }

        @Nullable
        String missing() {
            return missing;
        }
    }
}
