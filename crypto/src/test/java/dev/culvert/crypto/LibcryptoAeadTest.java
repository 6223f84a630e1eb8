package dev.culvert.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.invoke.MethodHandle;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class LibcryptoAeadTest {
    private static final int PACKETS = 1_000;
    private static final int MAX_RUNS = 200;
    // Far below one object a packet; the measuring itself may allocate.
    private static final long BOUND_BYTES = PACKETS;

    /// Early runs allocate in the interpreter; one run within the bound passes.
    @Test
    void allocatesNothingForAPacket() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        try (Aead aead = AeadEngine.LIBCRYPTO.newAead();
                GuardedMemory memory = new GuardedMemory(2048)) {
            long key = memory.place(2048, 0);
            for (int run = 0; run < MAX_RUNS && least > BOUND_BYTES; run++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                int opened = exchange(aead, key, key + 32, run);
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
                assertThat(opened).isEqualTo(PACKETS);
            }
        }
        assertThat(least).isLessThanOrEqualTo(BOUND_BYTES);
    }

    private static int exchange(Aead aead, long key, long data, int run) {
        int opened = 0;
        for (int i = 0; i < PACKETS; i++) {
            long counter = (long) run * PACKETS + i;
            aead.seal(key, data, data, 1420, counter);
            boolean genuine = aead.open(key, data, data, 1420, counter);
            // A forged packet costs nothing more.
            boolean forged = aead.open(key, data + 16, data, 1420, counter);
            opened += genuine && !forged ? 1 : 0;
        }
        return opened;
    }

    @Test
    void saysThatALibraryIsMissingAndThrowsNothing() {
        LibcryptoAead.Library library = LibcryptoAead.Library.open("libculvert-none.so.7", "libculvert-none.so.6");
        assertThat(library.missing())
                .isEqualTo("OpenSSL is not installed here: there is no libculvert-none.so.7 or libculvert-none.so.6");
        MethodHandle handle = library.function("EVP_CIPHER_CTX_new");
        assertThat(handle.type().returnType()).isEqualTo(long.class);
    }

    @Test
    void takesTheNextSonameWhenTheFirstIsMissing() {
        LibcryptoAead.Library library = LibcryptoAead.Library.open("libculvert-none.so.7", "libc.so.6");
        library.function("getpid");
        assertThat(library.missing()).isNull();
    }

    @Test
    void saysWhichFunctionIsMissingFirstAndThrowsNothing() {
        LibcryptoAead.Library library = LibcryptoAead.Library.open("libc.so.6");
        library.function("EVP_none");
        library.function("EVP_neither");
        assertThat(library.missing()).isEqualTo("libc.so.6 has no function EVP_none");
    }

    /// One instance a thread: their contexts must not share anything.
    @Test
    void instancesOfManyThreadsDoNotDisturbEachOther() throws InterruptedException {
        Thread[] threads = new Thread[4];
        int[] opened = new int[threads.length];
        for (int t = 0; t < threads.length; t++) {
            int lane = t;
            threads[t] = new Thread(() -> {
                try (Aead aead = AeadEngine.LIBCRYPTO.newAead();
                        GuardedMemory memory = new GuardedMemory(2048)) {
                    byte[] content = new byte[2048];
                    Arrays.fill(content, (byte) lane);
                    long key = memory.place(content, 2048, 0);
                    opened[lane] = exchange(aead, key, key + 32, lane);
                }
            });
            threads[t].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(opened).containsOnly(PACKETS);
    }
}
