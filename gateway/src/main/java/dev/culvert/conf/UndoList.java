package dev.culvert.conf;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/// What set-up has made so far, in order; undone from the last to the first. One step that fails does not stop the
/// others.
final class UndoList {
    @FunctionalInterface
    interface Step {
        void undo() throws IOException, InterruptedException;
    }

    private final Deque<Step> steps = new ArrayDeque<>();

    void add(Step step) {
        steps.push(step);
    }

    /// @return false if a step failed; it has been said
    boolean undoAll(CommandRunner commands) {
        boolean clean = true;
        while (!steps.isEmpty()) {
            try {
                steps.pop().undo();
            } catch (IOException | RuntimeException e) {
                clean = false;
                commands.say("while undoing: " + e.getMessage());
            } catch (InterruptedException e) {
                clean = false; // once more asked to end: go on ending
                commands.say("while undoing: interrupted");
            }
        }
        return clean;
    }
}
