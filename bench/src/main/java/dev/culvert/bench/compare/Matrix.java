package dev.culvert.bench.compare;

import dev.culvert.bench.lab.Belongings;
import dev.culvert.bench.lab.TrialFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionException;

/// Visits all stages with all implementations, in turns, so that what the machine does besides meets everybody
/// alike.
final class Matrix {
    private final CompareOptions options;
    private final Survey survey;
    private final Measurements measurements;
    private final Path logs;

    Matrix(CompareOptions options, Survey survey, Measurements measurements, Path logs) {
        this.options = options;
        this.survey = survey;
        this.measurements = measurements;
        this.logs = logs;
        try {
            Files.createDirectories(logs);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// @param repetition counted from 0
    private record Turn(Stage stage, Implementation implementation, int repetition) {}

    /// Every repetition begins with the next implementation.
    private List<Turn> turns() {
        List<Implementation> implementations = survey.chosen();
        List<Turn> turns = new ArrayList<>();
        for (int repetition = 0; repetition < options.repetitions(); repetition++) {
            for (Stage stage : Stage.all()) {
                if (stage.rows().stream().anyMatch(options::wants)) {
                    for (int i = 0; i < implementations.size(); i++) {
                        turns.add(new Turn(
                                stage, implementations.get((i + repetition) % implementations.size()), repetition));
                    }
                }
            }
        }
        return turns;
    }

    /// @param afterEach turn, so that an end from outside loses little
    void run(Runnable afterEach) {
        List<Turn> turns = turns();
        int repetitionsBefore = measurements.repetitions();
        long startNs = System.nanoTime();
        for (int i = 0; i < turns.size(); i++) {
            Turn turn = turns.get(i);
            System.out.printf(
                    Locale.ROOT,
                    "[%d/%d%s] %s, repetition %d of %d%n",
                    i + 1,
                    turns.size(),
                    left(i, turns.size(), System.nanoTime() - startNs),
                    turn.implementation().name(),
                    turn.repetition() + 1,
                    options.repetitions());
            visit(turn, repetitionsBefore + turn.repetition() + 1, i);
            afterEach.run();
        }
    }

    static String left(int done, int all, long elapsedNs) {
        if (done == 0) {
            return "";
        }
        long seconds = elapsedNs / done * (all - done) / 1_000_000_000L;
        return seconds < 90 ? ", about " + seconds + " s left" : ", about " + (seconds + 30) / 60 + " min left";
    }

    private void visit(Turn turn, int repetition, int number) {
        try (Belongings belongings =
                new Belongings(logs, number + "-" + turn.implementation().name())) {
            Visit visit =
                    new Visit(belongings, turn.implementation(), survey.client(), options, measurements, repetition);
            try {
                turn.stage().run(visit);
            } catch (TrialFailure | CompletionException e) {
                turn.stage().rows().stream()
                        .filter(visit::wants)
                        .forEach(row -> visit.failed(row, String.valueOf(e.getMessage())));
            }
        }
    }
}
