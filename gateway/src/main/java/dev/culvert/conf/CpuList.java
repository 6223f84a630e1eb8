package dev.culvert.conf;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A list of CPUs as taskset(1) and the kernel write it: numbers and ranges with commas between them, as in
/// `0-3,8` or, every second one, `0-14:2`.
public final class CpuList {
    /// What the kernel can be built for.
    public static final int CPU_MAX = 8191;

    private static final Pattern PART = Pattern.compile("([0-9]{1,4})(?:-([0-9]{1,4})(?::([0-9]{1,4}))?)?");

    private CpuList() {}

    /// In the order given.
    ///
    /// @throws IllegalArgumentException with a sentence
    public static List<Integer> parse(String text) {
        List<Integer> cpus = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            Matcher range = PART.matcher(part.strip());
            if (!range.matches()) {
                throw wrong(text, "");
            }
            int first = Integer.parseInt(range.group(1));
            int last = range.group(2) == null ? first : Integer.parseInt(range.group(2));
            int step = range.group(3) == null ? 1 : Integer.parseInt(range.group(3));
            if (last < first || last > CPU_MAX || step == 0) {
                throw wrong(text, "");
            }
            for (int cpu = first; cpu <= last; cpu += step) {
                if (cpus.contains(cpu)) {
                    throw wrong(text, ", each once");
                }
                cpus.add(cpu);
            }
        }
        return List.copyOf(cpus);
    }

    private static IllegalArgumentException wrong(String text, String more) {
        return new IllegalArgumentException("cpus takes numbers and ranges of CPUs as taskset(1) does" + more
                + ", 0-3,8 for instance, not " + text);
    }
}
