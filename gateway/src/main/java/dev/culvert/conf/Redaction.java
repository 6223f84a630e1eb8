package dev.culvert.conf;

import java.util.regex.Pattern;

/// Keeps secrets out of what is printed: a value is quoted only if it cannot be a key or a part of one, and a
/// hook's text loses whatever looks like a key before it is logged.
final class Redaction {
    private static final int QUOTED_LENGTH_MAX = 64;
    private static final Pattern KEY_PART = Pattern.compile("[A-Za-z0-9+/=]{17,}");
    private static final Pattern PRINTABLE = Pattern.compile("[!-~][ -~]*");
    private static final Pattern KEY = Pattern.compile("(?<![A-Za-z0-9+/])(?:[A-Za-z0-9+/]{43}=|[0-9A-Fa-f]{64})");

    private Redaction() {}

    /// The value in back quotes, or `this value`. `whole` is all that stood behind the `=`: a key that was torn by
    /// commas or blanks is still recognised in it.
    static String quote(String value, String whole) {
        boolean quotable = value.length() <= QUOTED_LENGTH_MAX
                && PRINTABLE.matcher(value).matches()
                && value.indexOf('`') < 0
                && !KEY_PART.matcher(whole.replaceAll("[\\s,'\"]+", "")).find();
        return quotable ? '`' + value + '`' : "this value";
    }

    static String withoutKeys(String text) {
        return KEY.matcher(text).replaceAll("(hidden)");
    }
}
