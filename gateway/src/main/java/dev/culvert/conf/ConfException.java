package dev.culvert.conf;

import java.util.List;
import java.util.stream.Collectors;

/// A file that was refused as a whole, with the first problems found in it. The message has one line a problem.
public final class ConfException extends Exception {
    private static final long serialVersionUID = 1;

    private final transient List<ConfProblem> problems;

    public ConfException(List<ConfProblem> problems) {
        super(problems.stream().map(ConfProblem::toString).collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
    }

    /// In the order of the lines, at most [WgQuickParser#ERRORS_MAX].
    public List<ConfProblem> problems() {
        return problems;
    }
}
