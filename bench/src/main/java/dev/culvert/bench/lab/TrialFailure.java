package dev.culvert.bench.lab;

import java.io.Serial;

/// A row could not be carried through: the message says what did not work.
public final class TrialFailure extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    public TrialFailure(String message) {
        super(message);
    }

    public TrialFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
