package dev.culvert.bench.faults;

import java.io.Serial;

/// A row could not be carried through: the message says what did not work.
final class TrialFailure extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    TrialFailure(String message) {
        super(message);
    }

    TrialFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
