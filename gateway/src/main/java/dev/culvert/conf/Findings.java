package dev.culvert.conf;

import java.util.ArrayList;
import java.util.List;

/// What the parser has found in one file so far. Bounded: the parser stops at [WgQuickParser#ERRORS_MAX] errors,
/// and warnings beyond [WgQuickParser#WARNINGS_MAX] are only counted.
final class Findings {
    private final String source;
    private final List<ConfProblem> errors = new ArrayList<>();
    private final List<ConfProblem> warnings = new ArrayList<>();
    private int warningsLeftOut;

    Findings(String source) {
        this.source = source;
    }

    void error(int line, String text) {
        if (!isFull()) {
            errors.add(new ConfProblem(source, line, text));
        }
    }

    void warning(int line, String text) {
        if (warnings.size() < WgQuickParser.WARNINGS_MAX) {
            warnings.add(new ConfProblem(source, line, text));
        } else {
            warningsLeftOut++;
        }
    }

    boolean isFull() {
        return errors.size() >= WgQuickParser.ERRORS_MAX;
    }

    boolean hasErrors() {
        return !errors.isEmpty();
    }

    List<ConfProblem> errors() {
        return List.copyOf(errors);
    }

    List<ConfProblem> warnings() {
        List<ConfProblem> all = new ArrayList<>(warnings);
        if (warningsLeftOut > 0) {
            all.add(new ConfProblem(source, 0, "and " + warningsLeftOut + " more warnings like these"));
        }
        return all;
    }
}
