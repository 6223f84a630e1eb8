package dev.culvert.tun;

import dev.culvert.crypto.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;

/// The C library's calls that Culvert makes, and the only native calls outside the cipher engines. Addresses
/// are raw longs; each call answers what the C function returns, or -errno.
///
/// Not `critical` calls: these may block for a moment, and a critical call would hold up safepoints. The errno
/// is captured into a segment of the calling object, so that no thread-local is looked up on the packet path.
@SuppressWarnings("restricted") // the one class of the gateway that calls the kernel
final class Libc {
    static final int O_RDWR = 2;
    static final int O_NONBLOCK = 0x800;
    static final int O_CLOEXEC = 0x80000;
    static final int FD_CLOEXEC = 1;
    static final int F_SETFD = 2;
    static final int F_GETFL = 3;
    static final int F_SETFL = 4;
    static final int AF_UNIX = 1;
    static final int AF_INET = 2;
    static final int AF_INET6 = 10;
    static final int AF_NETLINK = 16;
    static final int SOCK_STREAM = 1;
    static final int SOCK_DGRAM = 2;
    static final int SOCK_RAW = 3;
    static final int CLONE_NEWNET = 0x40000000;
    static final int CLOCK_REALTIME = 0;
    static final int CLOCK_MONOTONIC = 1;
    static final int CLOCK_BOOTTIME = 7;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    /// Of every function: Linux's calling conventions on x86-64 and AArch64 put up to six integers and pointers
    /// into registers of 64 bits, and take no notice of further registers nor, for an int, of a register's
    /// upper half. (Variadic functions take them there too.) The JDK spins classes for each shape, some ten
    /// milliseconds of the start. An int comes back with an undefined upper half.
    private static final FunctionDescriptor SHAPE = FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG, LONG, LONG);

    private static final MethodHandle OPEN = handle("open");
    private static final MethodHandle CLOSE = handle("close");
    private static final MethodHandle DUP2 = handle("dup2");
    private static final MethodHandle FCNTL = handle("fcntl");
    private static final MethodHandle READ = handle("read");
    private static final MethodHandle WRITE = handle("write");
    private static final MethodHandle WRITEV = handle("writev");
    private static final MethodHandle IOCTL = handle("ioctl");
    private static final MethodHandle SOCKET = handle("socket");
    private static final MethodHandle BIND = handle("bind");
    private static final MethodHandle GETSOCKNAME = handle("getsockname");
    private static final MethodHandle SETSOCKOPT = handle("setsockopt");
    private static final MethodHandle GETSOCKOPT = handle("getsockopt");
    private static final MethodHandle RECV = handle("recv");
    private static final MethodHandle SENDTO = handle("sendto");
    private static final MethodHandle RECVMMSG = handle("recvmmsg");
    private static final MethodHandle SENDMMSG = handle("sendmmsg");
    private static final MethodHandle TIMERFD_CREATE = handle("timerfd_create");
    private static final MethodHandle TIMERFD_SETTIME = handle("timerfd_settime");
    private static final MethodHandle CLOCK_GETTIME = handle("clock_gettime");
    private static final MethodHandle SETNS = handle("setns");
    private static final MethodHandle PRCTL = handle("prctl");
    private static final MethodHandle SETRLIMIT = handle("setrlimit");
    private static final MethodHandle SYSCALL = handle("syscall");
    private static final MethodHandle SCHED_SETAFFINITY = handle("sched_setaffinity");
    private static final MethodHandle STRERROR = handle("strerror");

    /// bpf(2), for which the C library has no function of its own.
    private static final long SYS_BPF = System.getProperty("os.arch", "").equals("aarch64") ? 280 : 321;

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

    private static MethodHandle handle(String name) {
        try {
            Linker linker = Linker.nativeLinker();
            return linker.downcallHandle(
                    linker.defaultLookup().findOrThrow(name), SHAPE, Linker.Option.captureCallState("errno"));
        } catch (IllegalCallerException e) {
            throw new IllegalStateException(
                    "Culvert calls the kernel directly: start java with --enable-native-access=ALL-UNNAMED", e);
        }
    }

    private int errno() {
        return -state.get(ValueLayout.JAVA_INT, ERRNO_OFFSET);
    }

    /// @param register of which an int's result has only the lower half; a ssize_t's is never larger here
    private int check(long register) {
        int result = (int) register;
        return result < 0 ? errno() : result;
    }

    private static AssertionError impossible(Throwable e) {
        return new AssertionError("a downcall does not throw", e);
    }

    int open(long path, int flags) {
        try {
            return check((long) OPEN.invokeExact(state, path, (long) flags, 0L, 0L, 0L, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int close(int fd) {
        try {
            return check((long) CLOSE.invokeExact(state, (long) fd, 0L, 0L, 0L, 0L, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int dup2(int fd, int wanted) {
        try {
            return check((long) DUP2.invokeExact(state, (long) fd, (long) wanted, 0L, 0L, 0L, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int fcntl(int fd, int command, long argument) {
        try {
            return check((long) FCNTL.invokeExact(state, (long) fd, (long) command, argument, 0L, 0L, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int read(int fd, long address, long length) {
        try {
            return check((long) READ.invokeExact(state, (long) fd, address, length, 0L, 0L, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int write(int fd, long address, long length) {
        try {
            return check((long) WRITE.invokeExact(state, (long) fd, address, length, 0L, 0L, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int writev(int fd, long iovecs, int count) {
        try {
            return check((long) WRITEV.invokeExact(state, (long) fd, iovecs, (long) count, 0L, 0L, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int ioctl(int fd, long request, long argument) {
        try {
            return check((long) IOCTL.invokeExact(state, (long) fd, request, argument, 0L, 0L, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int socket(int family, int type, int protocol) {
        try {
            return check((long) SOCKET.invokeExact(
                    state, (long) family, (long) (type | O_NONBLOCK | O_CLOEXEC), (long) protocol, 0L, 0L, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int bind(int fd, long address, int length) {
        try {
            return check((long) BIND.invokeExact(state, (long) fd, address, (long) length, 0L, 0L, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int getsockname(int fd, long address, long lengthAddress) {
        try {
            return check((long) GETSOCKNAME.invokeExact(state, (long) fd, address, lengthAddress, 0L, 0L, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int setsockopt(int fd, int level, int option, long value, int length) {
        try {
            return check((long)
                    SETSOCKOPT.invokeExact(state, (long) fd, (long) level, (long) option, value, (long) length, 0L));
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
            int result = check((long)
                    GETSOCKOPT.invokeExact(state, (long) fd, (long) level, (long) option, address, address + 8, 0L));
            return result < 0 ? result : Memory.getNativeInt(address);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int recv(int fd, long address, long length, int flags) {
        try {
            return check((long) RECV.invokeExact(state, (long) fd, address, length, (long) flags, 0L, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int sendto(int fd, long bytes, long length, int flags, long address, int addressLength) {
        try {
            return check((long)
                    SENDTO.invokeExact(state, (long) fd, bytes, length, (long) flags, address, (long) addressLength));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int recvmmsg(int fd, long messages, int count, int flags) {
        try {
            return check((long) RECVMMSG.invokeExact(state, (long) fd, messages, (long) count, (long) flags, 0L, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int sendmmsg(int fd, long messages, int count, int flags) {
        try {
            return check((long) SENDMMSG.invokeExact(state, (long) fd, messages, (long) count, (long) flags, 0L, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int timerfdCreate(int clock) {
        try {
            return check((long)
                    TIMERFD_CREATE.invokeExact(state, (long) clock, (long) (O_NONBLOCK | O_CLOEXEC), 0L, 0L, 0L, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int timerfdSettime(int fd, int flags, long itimerspec) {
        try {
            return check((long) TIMERFD_SETTIME.invokeExact(state, (long) fd, (long) flags, itimerspec, 0L, 0L, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int clockGettime(int clock, long timespec) {
        try {
            return check((long) CLOCK_GETTIME.invokeExact(state, (long) clock, timespec, 0L, 0L, 0L, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /// Of the calling thread alone.
    int setns(int fd, int kind) {
        try {
            return check((long) SETNS.invokeExact(state, (long) fd, (long) kind, 0L, 0L, 0L, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int prctl(int option, long argument) {
        try {
            return check((long) PRCTL.invokeExact(state, (long) option, argument, 0L, 0L, 0L, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int setrlimit(int resource, long rlimit) {
        try {
            return check((long) SETRLIMIT.invokeExact(state, (long) resource, rlimit, 0L, 0L, 0L, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    int bpf(int command, long attributes, int bytes) {
        try {
            return check((long) SYSCALL.invokeExact(state, SYS_BPF, (long) command, attributes, (long) bytes, 0L, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    /// Of the calling thread.
    int schedSetaffinity(int bytes, long mask) {
        try {
            return check((long) SCHED_SETAFFINITY.invokeExact(state, 0L, (long) bytes, mask, 0L, 0L, 0L));
        } catch (Throwable e) {
            throw impossible(e);
        }
    }

    String strerror(int errno) {
        try {
            long text = (long) STRERROR.invokeExact(state, (long) errno, 0L, 0L, 0L, 0L, 0L);
            return MemorySegment.ofAddress(text).reinterpret(256).getString(0, StandardCharsets.UTF_8);
        } catch (Throwable e) {
            throw impossible(e);
        }
    }
}
