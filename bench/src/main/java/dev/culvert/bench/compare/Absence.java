package dev.culvert.bench.compare;

/// Why there is no figure.
///
/// @param row or `*` for all rows
/// @param failed it should have worked
record Absence(String implementation, String row, String reason, boolean failed) {
    static final String ALL_ROWS = "*";

    String sentence() {
        String subject = row.equals(ALL_ROWS) ? implementation : implementation + ", " + row;
        return subject + ": " + (failed ? "FAILED: " : "") + reason;
    }
}
