package dev.culvert.crypto;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A shared library and the first thing that was missing in it. Throws nothing, so that it can be used where a
/// class is initialised.
@SuppressWarnings("restricted") // what the engines load their functions with
final class NativeLibrary {
    private final @Nullable SymbolLookup symbols;
    private final String soname;
    private @Nullable String missing;

    private NativeLibrary(@Nullable SymbolLookup symbols, String soname, @Nullable String missing) {
        this.symbols = symbols;
        this.soname = soname;
        this.missing = missing;
    }

    /// The first of the sonames that can be loaded.
    ///
    /// @param product as operators know it
    static NativeLibrary open(String product, String... sonames) {
        for (String soname : sonames) {
            try {
                return new NativeLibrary(SymbolLookup.libraryLookup(soname, Arena.global()), soname, null);
            } catch (IllegalArgumentException e) {
                // Not on this machine: the next one.
            } catch (IllegalCallerException e) {
                return new NativeLibrary(null, soname, nativeAccessDenied());
            }
        }
        String names = String.join(" or ", sonames);
        return new NativeLibrary(null, names, product + " is not installed here: there is no " + names);
    }

    /// A function, or a handle that must not be called if [#missing] says something.
    MethodHandle function(String name, FunctionDescriptor descriptor, Linker.Option... options) {
        if (symbols == null) {
            return MethodHandles.empty(descriptor.toMethodType());
        }
        Optional<MemorySegment> symbol = symbols.find(name);
        if (symbol.isEmpty()) {
            complain(soname + " has no function " + name);
        }
        return link(name, symbol.orElse(MemorySegment.NULL).address(), descriptor, options);
    }

    /// The function at an address that the library itself told us; as [#function] if it is 0.
    MethodHandle link(String name, long address, FunctionDescriptor descriptor, Linker.Option... options) {
        if (address != 0) {
            try {
                return Linker.nativeLinker().downcallHandle(MemorySegment.ofAddress(address), descriptor, options);
            } catch (IllegalCallerException e) {
                complain(nativeAccessDenied());
            } catch (UnsupportedOperationException | IllegalArgumentException e) {
                complain("this Java runtime cannot call " + name + " of " + soname);
            }
        }
        return MethodHandles.empty(descriptor.toMethodType());
    }

    void complain(String sentence) {
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

    /// What a method handle threw, as something that need not be declared.
    ///
    /// @param product whose call it was
    static RuntimeException unexpected(String product, Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        return thrown instanceof RuntimeException runtime
                ? runtime
                : new IllegalStateException("a call of " + product + " failed", thrown);
    }
}
