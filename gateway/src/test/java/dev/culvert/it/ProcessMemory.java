package dev.culvert.it;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Looks for secrets in a running JVM: in a heap dump of its live objects, and in all memory outside the heap.
final class ProcessMemory {
    private static final Pattern MAPPING = Pattern.compile("([0-9a-f]+)-([0-9a-f]+) (....) .*");
    private static final Pattern HEAP_BOUNDS = Pattern.compile("\\[0x([0-9a-f]+), ?0x([0-9a-f]+), ?0x([0-9a-f]+)\\)");
    private static final int CHUNK_BYTES = 1 << 20;
    private static final int SECRET_BYTES_MAX = 64;

    private final long pid;

    private record Range(long from, long to) {}

    ProcessMemory(long pid) {
        this.pid = pid;
    }

    /// The names of those secrets that a live object holds.
    Set<String> inLiveObjects(Map<String, byte[]> secrets, Path directory) {
        Path dump = directory.resolve("heap" + System.nanoTime() + ".hprof");
        jcmd("GC.heap_dump", dump.toString());
        try {
            Set<String> found = new TreeSet<>();
            try (RandomAccessFile file = new RandomAccessFile(dump.toFile(), "r")) {
                find(file, new Range(0, file.length()), secrets, found);
            }
            Files.delete(dump);
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The names of those secrets that stand in writable memory outside the Java heap, used or free.
    Set<String> outsideTheHeap(Map<String, byte[]> secrets) {
        Range heap = heap();
        Set<String> found = new TreeSet<>();
        try (RandomAccessFile memory = new RandomAccessFile("/proc/" + pid + "/mem", "r")) {
            for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/maps"))) {
                Matcher mapping = MAPPING.matcher(line);
                if (mapping.matches() && mapping.group(3).startsWith("rw")) {
                    Range range = new Range(
                            Long.parseUnsignedLong(mapping.group(1), 16), Long.parseUnsignedLong(mapping.group(2), 16));
                    if (range.to() <= heap.from() || range.from() >= heap.to()) {
                        find(memory, range, secrets, found);
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return found;
    }

    /// What the collector says of its own generations.
    private Range heap() {
        Matcher bounds = HEAP_BOUNDS.matcher(jcmd("GC.heap_info"));
        List<Long> addresses = new ArrayList<>();
        while (bounds.find()) {
            addresses.add(Long.parseLong(bounds.group(1), 16));
            addresses.add(Long.parseLong(bounds.group(3), 16));
        }
        if (addresses.isEmpty()) {
            throw new AssertionError("the heap's bounds are not told");
        }
        return new Range(
                addresses.stream().min(Long::compare).orElseThrow(),
                addresses.stream().max(Long::compare).orElseThrow());
    }

    private String jcmd(String... words) {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), Long.toString(pid)));
        command.addAll(List.of(words));
        return Command.run(Command.LIMIT, "", command).required();
    }

    private static void find(RandomAccessFile file, Range range, Map<String, byte[]> secrets, Set<String> found)
            throws IOException {
        byte[] buffer = new byte[CHUNK_BYTES + SECRET_BYTES_MAX];
        for (long at = range.from(); at < range.to(); at += CHUNK_BYTES) {
            int wanted = (int) Math.min(buffer.length, range.to() - at);
            int read = 0;
            try {
                file.seek(at);
                read = Math.max(0, file.read(buffer, 0, wanted));
            } catch (IOException e) {
                continue; // a mapping of a device, or one that has gone
            }
            for (Map.Entry<String, byte[]> secret : secrets.entrySet()) {
                if (contains(buffer, read, secret.getValue())) {
                    found.add(secret.getKey());
                }
            }
        }
    }

    private static boolean contains(byte[] buffer, int length, byte[] wanted) {
        byte first = wanted[0];
        for (int i = 0; i + wanted.length <= length; i++) {
            if (buffer[i] == first) {
                int same = 1;
                while (same < wanted.length && buffer[i + same] == wanted[same]) {
                    same++;
                }
                if (same == wanted.length) {
                    return true;
                }
            }
        }
        return false;
    }
}
