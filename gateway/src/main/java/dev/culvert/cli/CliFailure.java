package dev.culvert.cli;

/// Ends a command with exit code 1 and a sentence for the operator.
final class CliFailure extends Exception {
    private static final long serialVersionUID = 1;

    CliFailure(String sentence) {
        super(sentence);
    }

    CliFailure(String sentence, Throwable cause) {
        super(sentence, cause);
    }
}
