package dev.culvert.bench.lab;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// What a process uses (proc(5), jcmd).
public final class Figures {
    private static final double TICKS_PER_SECOND = 100; // USER_HZ, on every Linux that runs a JVM
    private static final Pattern HEAP_USED = Pattern.compile("used (\\d+)K");
    private static final Duration JCMD_LIMIT = Duration.ofMinutes(1);

    private Figures() {}

    /// User and system time in seconds; of a process that has ended: NaN.
    public static double cpuSeconds(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).strip().split(" ", -1);
            return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_PER_SECOND;
        } catch (IOException e) {
            return Double.NaN;
        }
    }

    /// CPU time that all cores together have spent on anything (proc(5): user nice system idle iowait irq
    /// softirq steal).
    public static double machineCpuSeconds() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/stat"))) {
            String[] fields = lines.findFirst().orElseThrow().split(" +", -1);
            long ticks = 0;
            for (int i = 1; i <= 8; i++) {
                ticks += i == 4 || i == 5 ? 0 : Long.parseLong(fields[i]);
            }
            return ticks / TICKS_PER_SECOND;
        } catch (IOException e) {
            throw new TrialFailure("/proc/stat cannot be read", e);
        }
    }

    public static long rssKib(long pid) {
        return status(pid, "VmRSS:");
    }

    public static long threads(long pid) {
        return status(pid, "Threads:");
    }

    public static long descriptors(long pid) {
        long count = 0;
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "fd"))) {
            for (Path _ : all) {
                count++;
            }
            return count;
        } catch (IOException e) {
            throw new TrialFailure("the descriptors of process " + pid + " cannot be counted: " + e.getMessage(), e);
        }
    }

    private static long status(long pid, String field) {
        try (var lines = Files.lines(Path.of("/proc", Long.toString(pid), "status"))) {
            return lines.filter(line -> line.startsWith(field))
                    .map(line ->
                            line.substring(field.length()).replace("kB", "").strip())
                    .mapToLong(Long::parseLong)
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            throw new TrialFailure("process " + pid + " is gone", e);
        }
    }

    /// A JVM's heap in use after a full collection; empty if the process is no JVM.
    public static OptionalLong heapKib(long pid) {
        if (!isJava(pid)) {
            return OptionalLong.empty();
        }
        jcmd(pid, "GC.run");
        jcmd(pid, "GC.run"); // what the first one found unreachable by references, the second one frees
        long used = 0;
        for (String line : jcmd(pid, "GC.heap_info").lines().toList()) {
            Matcher figure = HEAP_USED.matcher(line);
            if (!line.contains("Metaspace") && !line.contains("class space") && figure.find()) {
                used += Long.parseLong(figure.group(1));
            }
        }
        return OptionalLong.of(used);
    }

    private static String jcmd(long pid, String command) {
        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        return Shell.run(JCMD_LIMIT, "", List.of(jcmd, Long.toString(pid), command))
                .required();
    }

    private static boolean isJava(long pid) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(pid), "cmdline"))
                    .contains("/java\0");
        } catch (IOException e) {
            return false;
        }
    }
}
