package dev.culvert.conf;

/// A value that a file may not have; the message says what is wrong and what would be right. Does not leave the
/// parser.
final class BadValue extends Exception {
    private static final long serialVersionUID = 1;

    BadValue(String message) {
        super(message, null, false, false);
    }
}
