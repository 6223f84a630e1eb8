package dev.culvert.bench.faults;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// What one row found, in order; says each line as it comes.
final class Report {
    private final String row;
    private final boolean quick;
    private final List<Check> checks = new ArrayList<>();
    private boolean functionMissed;

    /// @param quick figures of speed are not judged
    Report(String row, boolean quick) {
        this.row = row;
        this.quick = quick;
    }

    /// A property that holds or does not, on any machine.
    void function(String what, String target, String measured, boolean met, String note) {
        functionMissed |= !met;
        add(what, target, measured, met ? Check.Verdict.MET : Check.Verdict.MISSED, note);
    }

    void function(String what, String target, String measured, boolean met) {
        function(what, target, measured, met, "");
    }

    /// A figure that depends on the machine and on what else it does.
    void speed(String what, String target, String measured, boolean met, String note) {
        Check.Verdict judged = met ? Check.Verdict.MET : Check.Verdict.MISSED;
        add(what, target, measured, quick ? Check.Verdict.NOT_JUDGED : judged, note);
    }

    void speed(String what, String target, String measured, boolean met) {
        speed(what, target, measured, met, "");
    }

    /// A figure without a target.
    void state(String what, String measured) {
        add(what, "–", measured, Check.Verdict.STATED, "");
    }

    private void add(String what, String target, String measured, Check.Verdict verdict, String note) {
        Check check = new Check(row, what, target, measured, verdict, note);
        checks.add(check);
        System.out.printf(
                Locale.ROOT,
                "  %s %s: %s (%s)%s%n",
                check.row(),
                check.what(),
                check.measured(),
                check.verdict() == Check.Verdict.STATED ? "stated" : check.verdict() + ", target " + check.target(),
                check.note().isEmpty() ? "" : " – " + check.note());
    }

    List<Check> checks() {
        return List.copyOf(checks);
    }

    boolean functionMissed() {
        return functionMissed;
    }
}
