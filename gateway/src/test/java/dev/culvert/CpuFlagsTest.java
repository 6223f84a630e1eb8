package dev.culvert;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CpuFlagsTest {
    @TempDir
    private Path directory;

    @Test
    void readsTheFlagsOfACpu() throws IOException {
        Path file = directory.resolve("cpuinfo");
        Files.writeString(file, "processor\t: 0\nflags\t\t: fpu avx512f avx512ifma sse2\nbugs\t\t: none\n");
        assertThat(CpuFlags.hasFlag(file, "avx512ifma")).isTrue();
        assertThat(CpuFlags.hasFlag(file, "avx512")).isFalse();
        assertThat(CpuFlags.hasFlag(file, "none")).isFalse();
        Files.writeString(file, "processor\t: 0\nFeatures\t: fp asimd\n");
        assertThat(CpuFlags.hasFlag(file, "asimd")).isFalse();
        assertThat(CpuFlags.hasFlag(directory.resolve("none"), "fpu")).isFalse();
    }
}
