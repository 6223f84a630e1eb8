package dev.culvert.bench.faults;

/// One line of the table.
///
/// @param row as `R13`
/// @param note why a target was missed, or how the figure came about; may be empty
record Check(String row, String what, String target, String measured, Verdict verdict, String note) {
    enum Verdict {
        MET("met"),
        MISSED("MISSED"),
        /// There is no target.
        STATED("stated"),
        /// A figure of speed in a quick run, which is too short and too noisy to judge.
        NOT_JUDGED("not judged");

        private final String text;

        Verdict(String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    Check {
        what = oneLine(what);
        target = oneLine(target);
        measured = oneLine(measured);
        note = oneLine(note);
    }

    private static String oneLine(String text) {
        return text.strip().replaceAll("[\\t\\n\\r]+", " / ");
    }

    String toTabs() {
        return String.join("\t", row, what, target, measured, verdict.name(), note);
    }

    static Check ofTabs(String line) {
        String[] fields = line.split("\t", -1);
        return new Check(fields[0], fields[1], fields[2], fields[3], Verdict.valueOf(fields[4]), fields[5]);
    }
}
