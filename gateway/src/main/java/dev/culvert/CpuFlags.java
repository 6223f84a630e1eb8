package dev.culvert;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;

/// What the CPU can do, as the kernel tells it.
final class CpuFlags {
    private static final Path FILE = Path.of("/proc/cpuinfo");

    private CpuFlags() {}

    static boolean hasAvx512Ifma() {
        return hasFlag(FILE, "avx512ifma");
    }

    /// Whether the first CPU of a file like `/proc/cpuinfo` has a flag; false if there is no such file.
    static boolean hasFlag(Path cpuinfo, String flag) {
        try (Stream<String> lines = Files.lines(cpuinfo)) {
            Optional<String> flags =
                    lines.filter(line -> line.startsWith("flags")).findFirst();
            return flags.isPresent()
                    && Arrays.asList(flags.get().split("\\s+", -1)).contains(flag);
        } catch (IOException e) {
            return false;
        }
    }
}
