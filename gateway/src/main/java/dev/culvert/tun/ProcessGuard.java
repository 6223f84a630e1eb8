package dev.culvert.tun;

import dev.culvert.crypto.Memory;
import java.lang.foreign.Arena;

/// Keeps the process's memory, which holds keys, out of core files and away from other processes of the same user.
public final class ProcessGuard {
    private static final int PR_SET_DUMPABLE = 4;
    private static final int RLIMIT_CORE = 4;

    private ProcessGuard() {}

    /// Best effort: a container may forbid it.
    ///
    /// @return false if the kernel refused
    public static boolean forbidCoreDumps() {
        Libc libc = Libc.ofAnyThread();
        try (Arena arena = Arena.ofConfined()) {
            long rlimit = arena.allocate(16, 8).address();
            Memory.putNativeLong(rlimit, 0);
            Memory.putNativeLong(rlimit + 8, 0);
            boolean noCore = libc.setrlimit(RLIMIT_CORE, rlimit) == 0;
            return libc.prctl(PR_SET_DUMPABLE, 0) == 0 && noCore;
        }
    }
}
