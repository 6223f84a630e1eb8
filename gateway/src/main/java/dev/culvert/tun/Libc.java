package dev.culvert.tun;

import dev.culvert.crypto.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;

/// The C library's calls that Culvert makes, and the only native calls outside the cipher engines. Addresses are
/// raw longs; each call answers what the C function returns, or -errno.
///
/// Not `critical` calls: these may block for a moment, and a critical call would hold up safepoints. The errno is
/// captured into a segment of the calling object, so that no thread-local is looked up on the packet path.
@SuppressWarnings("restricted") // the one class of the gateway that calls the kernel
final class Libc {
    static final int O_RDWR = 2;
    static final int O_NONBLOCK = 0x800;
    static final int O_CLOEXEC = 0x80000;
    static final int AF_INET = 2;
    static final int AF_INET6 = 10;
    static final int AF_NETLINK = 16;
    static final int SOCK_DGRAM = 2;
    static final int SOCK_RAW = 3;
    static final int CLONE_NEWNET = 0x40000000;
    static final int CLOCK_REALTIME = 0;
    static final int CLOCK_MONOTONIC = 1;
    static final int CLOCK_BOOTTIME = 7;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private static final MethodHandle OPEN = variadic("open", 2, INT, LONG, INT, INT);
    private static final MethodHandle CLOSE = handle("close", INT, INT);
    private static final MethodHandle READ = handle("read", LONG, INT, LONG, LONG);
    private static final MethodHandle WRITE = handle("write", LONG, INT, LONG, LONG);
    private static final MethodHandle WRITEV = handle("writev", LONG, INT, LONG, INT);
    private static final MethodHandle IOCTL = variadic("ioctl", 2, INT, INT, LONG, LONG);
    private static final MethodHandle SOCKET = handle("socket", INT, INT, INT, INT);
    private static final MethodHandle BIND = handle("bind", INT, INT, LONG, INT);
    private static final MethodHandle GETSOCKNAME = handle("getsockname", INT, INT, LONG, LONG);
    private static final MethodHandle SETSOCKOPT = handle("setsockopt", INT, INT, INT, INT, LONG, INT);
    private static final MethodHandle GETSOCKOPT = handle("getsockopt", INT, INT, INT, INT, LONG, LONG);
    private static final MethodHandle RECV = handle("recv", LONG, INT, LONG, LONG, INT);
    private static final MethodHandle RECVMMSG = handle("recvmmsg", INT, INT, LONG, INT, INT, LONG);
    private static final MethodHandle SENDMMSG = handle("sendmmsg", INT, INT, LONG, INT, INT);
    private static final MethodHandle TIMERFD_CREATE = handle("timerfd_create", INT, INT, INT);
    private static final MethodHandle TIMERFD_SETTIME = handle("timerfd_settime", INT, INT, INT, LONG, LONG);
    private static final MethodHandle CLOCK_GETTIME = handle("clock_gettime", INT, INT, LONG);
    private static final MethodHandle SETNS = handle("setns", INT, INT, INT);
    private static final MethodHandle PRCTL = variadic("prctl", 1, INT, INT, LONG, LONG, LONG, LONG);
    private static final MethodHandle SETRLIMIT = handle("setrlimit", INT, INT, LONG);
    private static final MethodHandle STRERROR = plain("strerror", FunctionDescriptor.of(ValueLayout.ADDRESS, INT));

    private static final long ERRNO_OFFSET =
            Linker.Option.captureStateLayout().byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    /// Where the calls of this object put errno; one thread uses it at a time.
    private final MemorySegment state;

    /// @param arena lives as long as this object is used
    Libc(Arena arena) {
        state = arena.allocate(Linker.Option.captureStateLayout());
    }

    /// For calls off the packet path.
    static Libc ofAnyThread() {
        return new Libc(Arena.ofAuto());
    }

    private static MethodHandle handle(String name, ValueLayout result, ValueLayout... arguments) {
        return link(name, FunctionDescriptor.of(result, arguments), Linker.Option.captureCallState("errno"));
    }

    private static MethodHandle variadic(String name, int firstVariadic, ValueLayout result, ValueLayout... arguments) {
        return link(
                name,
                FunctionDescriptor.of(result, arguments),
                Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(firstVariadic));
    }

    private static MethodHandle plain(String name, FunctionDescriptor descriptor) {
        return link(name, descriptor);
    }

    private static MethodHandle link(String name, FunctionDescriptor descriptor, Linker.Option... options) {
        try {
            SymbolLookup library = Linker.nativeLinker().defaultLookup();
            return Linker.nativeLinker().downcallHandle(library.findOrThrow(name), descriptor, options);
        } catch (IllegalCallerException e) {
            throw new IllegalStateException(
                    "Culvert calls the kernel directly: start java with --enable-native-access=ALL-UNNAMED", e);
        }
    }

    private int errno() {
        return -state.get(ValueLayout.JAVA_INT, ERRNO_OFFSET);
    }

    private int check(int result) {
        return result < 0 ? errno() : result;
    }

    private int check(long result) {
        return result < 0 ? errno() : (int) result;
    }

    private static AssertionError impossible(Throwable e) {
        return new AssertionError("a downcall does not throw", e);
    }

    int open(long path, int flags) {
        try {
            return check((int) OPEN.invokeExact(state, path, flags, 0));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int close(int fd) {
        try {
            return check((int) CLOSE.invokeExact(state, fd));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int read(int fd, long address, long length) {
        try {
            return check((long) READ.invokeExact(state, fd, address, length));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int write(int fd, long address, long length) {
        try {
            return check((long) WRITE.invokeExact(state, fd, address, length));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int writev(int fd, long iovecs, int count) {
        try {
            return check((long) WRITEV.invokeExact(state, fd, iovecs, count));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int ioctl(int fd, long request, long argument) {
        try {
            return check((int) IOCTL.invokeExact(state, fd, request, argument));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int socket(int family, int type, int protocol) {
        try {
            return check((int) SOCKET.invokeExact(state, family, type | O_NONBLOCK | O_CLOEXEC, protocol));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int bind(int fd, long address, int length) {
        try {
            return check((int) BIND.invokeExact(state, fd, address, length));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int getsockname(int fd, long address, long lengthAddress) {
        try {
            return check((int) GETSOCKNAME.invokeExact(state, fd, address, lengthAddress));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int setsockopt(int fd, int level, int option, long value, int length) {
        try {
            return check((int) SETSOCKOPT.invokeExact(state, fd, level, option, value, length));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /// An option whose value is an int.
    int setsockopt(int fd, int level, int option, int value) {
        try (Arena arena = Arena.ofConfined()) {
            long address = arena.allocate(ValueLayout.JAVA_INT).address();
            Memory.putNativeInt(address, value);
            return setsockopt(fd, level, option, address, Integer.BYTES);
        }
    }

    /// An option whose value is an int: the value, or -errno.
    int getsockopt(int fd, int level, int option) {
        try (Arena arena = Arena.ofConfined()) {
            long address = arena.allocate(16, 8).address();
            Memory.putNativeInt(address + 8, Integer.BYTES);
            int result = check((int) GETSOCKOPT.invokeExact(state, fd, level, option, address, address + 8));
            return result < 0 ? result : Memory.getNativeInt(address);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int recv(int fd, long address, long length, int flags) {
        try {
            return check((long) RECV.invokeExact(state, fd, address, length, flags));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int recvmmsg(int fd, long messages, int count, int flags) {
        try {
            return check((int) RECVMMSG.invokeExact(state, fd, messages, count, flags, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int sendmmsg(int fd, long messages, int count, int flags) {
        try {
            return check((int) SENDMMSG.invokeExact(state, fd, messages, count, flags));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int timerfdCreate(int clock) {
        try {
            return check((int) TIMERFD_CREATE.invokeExact(state, clock, O_NONBLOCK | O_CLOEXEC));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int timerfdSettime(int fd, int flags, long itimerspec) {
        try {
            return check((int) TIMERFD_SETTIME.invokeExact(state, fd, flags, itimerspec, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int clockGettime(int clock, long timespec) {
        try {
            return check((int) CLOCK_GETTIME.invokeExact(state, clock, timespec));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /// Of the calling thread alone.
    int setns(int fd, int kind) {
        try {
            return check((int) SETNS.invokeExact(state, fd, kind));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int prctl(int option, long argument) {
        try {
            return check((int) PRCTL.invokeExact(state, option, argument, 0L, 0L, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int setrlimit(int resource, long rlimit) {
        try {
            return check((int) SETRLIMIT.invokeExact(state, resource, rlimit));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    static String strerror(int errno) {
        try {
            MemorySegment text = (MemorySegment) STRERROR.invokeExact(errno);
            return text.reinterpret(256).getString(0, StandardCharsets.UTF_8);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }
}
