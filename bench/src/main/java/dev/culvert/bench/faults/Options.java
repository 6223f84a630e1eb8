package dev.culvert.bench.faults;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// What the caller asked for.
///
/// @param quick a few seconds a row; only functions are judged
/// @param resume leaves out rows that have a result
/// @param rows chosen; empty for all but the soak
/// @param hub the command that is called as `COMMAND -f IFNAME`
/// @param spoke the same for clients that must be real and independent
/// @param floodSeconds of each kind of flood
/// @param floodRate datagrams a second
/// @param soakMinutes 0 for no soak
/// @param results directory
record Options(
        boolean quick,
        boolean resume,
        List<String> rows,
        List<String> hub,
        List<String> spoke,
        int floodSeconds,
        int floodRate,
        int soakMinutes,
        Path results) {
    private static final int SOAK_MINUTES = 30;
    private static final String SOAK = "R9";
    private static final String REKEY = "R3";
    private static final List<String> LISTS = List.of("L1", "L2", "L3");

    static final String USAGE = """
            Usage: deploy/verify --faults [OPTIONS] [ROW...]

            Runs the shipped program against floods and faults in network namespaces and prints a table: row, what,
            target, measured, verdict. Needs root. Without rows: all but the soak (R9), more than an hour. L1 to L3 are
            long lists of peers, beside the --spoke's program; --lists is short for them.

              --quick              a few seconds a row, two rows at a time; only functions are judged, not speed
              --resume             leaves out rows that have a result from an earlier run
              --hub COMMAND        another userspace WireGuard as the hub, called as COMMAND -f IFNAME
              --spoke COMMAND      the clients that are real programs (default: wireguard-go)
              --flood-seconds N    of each kind of flood (default 60)
              --rate N             datagrams a second of a flood (default 100000)
              --soak [MINUTES]     the soak alone (default 30)
              --lists              long lists alone: L1, L2, L3
              --results DIR        default: bench/target/faults
              --list               the rows

            Results: DIR/table.txt, DIR/table.json, DIR/ROW.tsv, DIR/logs. Exit code 1 if a row could not be carried
            through or a function failed; a missed figure of speed stands in the table alone.
            """;

    static Options parse(String[] arguments, Path repository) {
        boolean quick = false;
        boolean resume = false;
        List<String> rows = new ArrayList<>();
        List<String> hub = List.of(repository.resolve("deploy/bin/culvert").toString());
        List<String> spoke = List.of("wireguard-go");
        int floodSeconds = 0;
        int floodRate = 0;
        int soakMinutes = 0;
        Path results = repository.resolve("bench/target/faults");
        for (int i = 0; i < arguments.length; i++) {
            String next = i + 1 < arguments.length ? arguments[i + 1] : "";
            switch (arguments[i]) {
                case "--quick" -> quick = true;
                case "--resume" -> resume = true;
                case "--hub" -> hub = words(arguments, ++i);
                case "--spoke" -> spoke = words(arguments, ++i);
                case "--flood-seconds" -> floodSeconds = number(arguments, ++i);
                case "--rate" -> floodRate = number(arguments, ++i);
                case "--results" -> results = Path.of(words(arguments, ++i).getFirst());
                case "--lists" -> rows.addAll(LISTS);
                case "--soak" -> {
                    boolean given = next.matches("[0-9]+");
                    soakMinutes = given ? number(arguments, ++i) : SOAK_MINUTES;
                    rows.add(SOAK);
                }
                default -> rows.add(rowNamed(arguments[i]));
            }
        }
        return new Options(
                quick,
                resume,
                List.copyOf(rows),
                hub,
                spoke,
                floodSeconds != 0 ? floodSeconds : quick ? 5 : 60,
                floodRate != 0 ? floodRate : quick ? 20_000 : 100_000,
                soakMinutes != 0 ? soakMinutes : SOAK_MINUTES,
                results);
    }

    private static String rowNamed(String argument) {
        String row = argument.toUpperCase(Locale.ROOT);
        if (FaultRow.all().stream().noneMatch(known -> known.id().equals(row))) {
            throw new IllegalArgumentException("there is no option or row `" + argument + "`; see --help and --list");
        }
        return row;
    }

    private static List<String> words(String[] arguments, int i) {
        if (i >= arguments.length) {
            throw new IllegalArgumentException(arguments[i - 1] + " needs a value");
        }
        return List.of(arguments[i].split(" +", -1));
    }

    private static int number(String[] arguments, int i) {
        String text = words(arguments, i).getFirst();
        if (!text.matches("[1-9][0-9]{0,6}")) {
            throw new IllegalArgumentException(arguments[i - 1] + " takes a number, not `" + text + "`");
        }
        return Integer.parseInt(text);
    }

    boolean wants(FaultRow row) {
        if (!rows.isEmpty()) {
            return rows.contains(row.id());
        }
        return !row.id().equals(SOAK) && !(quick && row.id().equals(REKEY)); // neither can be hurried
    }

    boolean hubIsCulvert() {
        return hub.getFirst().endsWith("/culvert");
    }
}
