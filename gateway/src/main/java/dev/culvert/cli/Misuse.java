package dev.culvert.cli;

/// Ends a command with exit code 2, a sentence for the operator, and where to read how it is called.
final class Misuse extends Exception {
    private static final long serialVersionUID = 1;

    Misuse(String sentence) {
        super(sentence);
    }
}
