package dev.culvert.tun;

import dev.culvert.crypto.Memory;
import java.io.IOException;
import java.lang.foreign.Arena;

/// On which CPU a thread runs (sched_setaffinity(2)).
public final class CpuAffinity {
    /// Of `cpu_set_t`, for as many CPUs as a kernel can be built for.
    private static final int MASK_BYTES = 1024;

    private CpuAffinity() {}

    /// Has the calling thread run on this CPU only.
    ///
    /// @throws IOException if it is not there or not allowed
    public static void pin(int cpu) throws IOException {
        if (cpu < 0 || cpu >= MASK_BYTES * Byte.SIZE) {
            throw new IllegalArgumentException("no CPU has the number " + cpu);
        }
        try (Arena arena = Arena.ofConfined()) {
            long mask = arena.allocate(MASK_BYTES, Long.BYTES).address();
            long word = mask + (long) (cpu / Long.SIZE) * Long.BYTES;
            Memory.putNativeLong(word, 1L << cpu % Long.SIZE);
            int result = Libc.ofAnyThread().schedSetaffinity(MASK_BYTES, mask);
            if (result == -Errno.EINVAL) {
                throw new IOException("CPU " + cpu + " is not there, is offline, or is not allowed to this process: see"
                        + " `lscpu -e` and `taskset -p "
                        + ProcessHandle.current().pid() + "`, and change `cpus`");
            }
            if (result < 0) {
                throw new IOException("cannot run on CPU " + cpu + " alone: " + Errno.text(-result));
            }
        }
    }
}
