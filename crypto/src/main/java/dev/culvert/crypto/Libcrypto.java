package dev.culvert.crypto;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// OpenSSL 3's algorithms by the functions with which its providers offer them (provider-base(7),
/// provider-cipher(7) and so on, numbered in `openssl/core_dispatch.h`), past the EVP layer in front of them: for
/// a short packet and for a hash that layer is a quarter of the time, and with a fresh key for X25519 it is a
/// tenth.
///
/// The provider is the one from which OpenSSL itself would take ChaCha20-Poly1305, so a machine's policy holds
/// here as elsewhere. Any thread, loaded once; nothing throws before a function is used.
@SuppressWarnings("restricted") // of the engines: the house's permitted places of native calls
final class Libcrypto {
    static final String PRODUCT = "OpenSSL's libcrypto";

    static final int DIGEST = 1;
    static final int CIPHER = 2;
    static final int MAC = 3;
    static final int KEY_MANAGEMENT = 10;
    static final int KEY_EXCHANGE = 11;

    /// Shapes of functions, few since the first handle of each costs the start a millisecond: all arguments are
    /// addresses or sizes, the result is an address, nothing, or OpenSSL's 1 for success.
    static final FunctionDescriptor MAKE = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG);
    static final FunctionDescriptor FREE = FunctionDescriptor.ofVoid(JAVA_LONG);
    static final FunctionDescriptor OF_2 = FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG);
    static final FunctionDescriptor OF_3 = FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final FunctionDescriptor OF_4 = FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    static final FunctionDescriptor OF_6 =
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

    // struct ossl_dispatch_st: number, function. struct ossl_algorithm_st: names with ':' between them,
    // properties, dispatch table, description.
    private static final int DISPATCH_FUNCTION = 8;
    private static final int DISPATCH_BYTES = 16;
    private static final int ALGORITHM_TABLE = 16;
    private static final int ALGORITHM_BYTES = 32;

    /// struct ossl_param_st: name, type, data, size of the data, size returned.
    static final int PARAM_BYTES = 40;

    private static final int PARAM_TYPE = 8;
    private static final int PARAM_DATA = 16;
    private static final int PARAM_SIZE = 24;
    private static final int PARAM_RETURNED = 32;
    static final int UNSIGNED_INTEGER = 2;
    static final int OCTETS = 5;

    private static final NativeLibrary LIBRARY = NativeLibrary.open("OpenSSL 3", "libcrypto.so.3");
    private static final MethodHandle QUERY = LIBRARY.function(
            "OSSL_PROVIDER_query_operation", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));
    private static final long PROVIDER = provider();
    private static final long CONTEXT = context();

    private Libcrypto() {}

    private static long provider() {
        MethodHandle fetch =
                LIBRARY.function("EVP_CIPHER_fetch", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));
        MethodHandle provider = LIBRARY.function("EVP_CIPHER_get0_provider", MAKE);
        if (LIBRARY.missing() != null) {
            return 0;
        }
        try {
            // Never freed: it keeps the provider loaded, and with it all that is found there.
            long cipher = (long) fetch.invokeExact(0L, text("ChaCha20-Poly1305"), 0L);
            if (cipher != 0) {
                return (long) provider.invokeExact(cipher);
            }
            LIBRARY.complain(PRODUCT + " refuses ChaCha20-Poly1305; its configuration (FIPS mode?) may forbid it");
            return 0;
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(PRODUCT, e);
        }
    }

    private static long context() {
        MethodHandle context = LIBRARY.function("OSSL_PROVIDER_get0_provider_ctx", MAKE);
        if (LIBRARY.missing() != null) {
            return 0;
        }
        try {
            return (long) context.invokeExact(PROVIDER);
        } catch (Throwable e) {
            throw NativeLibrary.unexpected(PRODUCT, e);
        }
    }

    /// What the provider's constructors take.
    static long providerContext() {
        return CONTEXT;
    }

    /// A C string that lives as long as the program.
    static long text(String ascii) {
        return Arena.global().allocateFrom(ascii).address();
    }

    /// Writes one parameter at `address`, and the end of the list behind it.
    ///
    /// @param name as [#text] made it
    static void parameter(long address, long name, int type, long data, long size) {
        Memory.putNativeLong(address, name);
        Memory.putNativeInt(address + PARAM_TYPE, type);
        Memory.putNativeLong(address + PARAM_SIZE, size);
        Memory.putNativeLong(address + PARAM_RETURNED, 0);
        data(address, data);
        Memory.zero(address + PARAM_BYTES, PARAM_BYTES);
    }

    /// Moves a parameter to other data of the same size.
    static void data(long parameter, long data) {
        Memory.putNativeLong(parameter + PARAM_DATA, data);
    }

    /// @throws IllegalStateException names OpenSSL and says what it did
    static void require(boolean done, String failure) {
        if (!done) {
            throw new IllegalStateException(PRODUCT + " " + failure);
        }
    }

    /// One algorithm's functions.
    static final class Algorithm {
        private final String name;
        private final long dispatch;
        private @Nullable String missing = LIBRARY.missing();

        /// @param operation [#DIGEST] and so on
        /// @param name any of OpenSSL's names for it
        Algorithm(int operation, String name) {
            this.name = name;
            dispatch = missing == null ? find(operation, name) : 0;
            if (dispatch == 0) {
                complain(PRODUCT + " has no " + name);
            }
        }

        private static long find(int operation, String name) {
            String wanted = (':' + name + ':').toLowerCase(Locale.ROOT);
            try (Arena arena = Arena.ofConfined()) {
                long noCache = arena.allocate(JAVA_INT).address();
                long algorithm = (long) QUERY.invokeExact(PROVIDER, (long) operation, noCache);
                for (; algorithm != 0 && Memory.getNativeLong(algorithm) != 0; algorithm += ALGORITHM_BYTES) {
                    String names = ':' + Memory.getText(Memory.getNativeLong(algorithm)) + ':';
                    if (names.toLowerCase(Locale.ROOT).contains(wanted)) {
                        return Memory.getNativeLong(algorithm + ALGORITHM_TABLE);
                    }
                }
                return 0;
            } catch (Throwable e) {
                throw NativeLibrary.unexpected(PRODUCT, e);
            }
        }

        /// A function by its number, or a handle that must not be called if [#missing] says something. Critical:
        /// none of them waits, the longest is an X25519 of 40 microseconds. It also keeps the JVM's end, a
        /// safepoint, from running OpenSSL's exit handlers while one is inside.
        MethodHandle function(int number, FunctionDescriptor descriptor) {
            long address = 0;
            for (long at = dispatch; at != 0 && Memory.getNativeInt(at) != 0; at += DISPATCH_BYTES) {
                if (Memory.getNativeInt(at) == number) {
                    address = Memory.getNativeLong(at + DISPATCH_FUNCTION);
                }
            }
            if (address == 0) {
                complain(PRODUCT + " has no function " + number + " for " + name);
            }
            MethodHandle handle = LIBRARY.link(name, address, descriptor, Linker.Option.critical(false));
            if (LIBRARY.missing() != null) {
                complain(LIBRARY.missing());
            }
            return handle;
        }

        private void complain(String sentence) {
            if (missing == null) {
                missing = sentence;
            }
        }

        @Nullable
        String missing() {
            return missing;
        }
    }
}
