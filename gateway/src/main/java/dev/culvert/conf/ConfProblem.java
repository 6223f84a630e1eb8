package dev.culvert.conf;

/// One thing that is wrong, or odd, in a file: prints as `file:line: what is wrong; what would be right`. The text
/// never quotes a key.
///
/// @param line counted from 1; 0 concerns the file as a whole
public record ConfProblem(String source, int line, String text) {
    @Override
    public String toString() {
        return line == 0 ? source + ": " + text : source + ':' + line + ": " + text;
    }
}
