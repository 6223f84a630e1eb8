package dev.culvert.conf;

import java.nio.charset.StandardCharsets;
import java.util.List;

/// Files and keys for the tests of this package.
final class ConfFiles {
    static final String PRIVATE_KEY = "QAfAXUKQvVTUqsEqjg9lOQvzyvi15hNzTXSZnrP2v2M=";
    static final String PEER_A = "TZ7pSGvDaGFKq3kUfZHPzSAnXnq9kwZ0RJL4OxhBVCA=";
    static final String PEER_B = "aQ5o5q5qXjcPBdmRJoIbv7CNU9xa6vZW7ZC1rRTDyxs=";
    static final String PSK = "cHNrcHNrcHNrcHNrcHNrcHNrcHNrcHNrcHNrcHNrcHM=";

    private ConfFiles() {}

    static WgQuickFile parse(String text) throws ConfException {
        return WgQuickParser.parse("wg0.conf", text.getBytes(StandardCharsets.UTF_8));
    }

    /// The problems of a file that must be refused.
    static List<String> problems(String text) {
        return problems(text.getBytes(StandardCharsets.UTF_8));
    }

    static List<String> problems(byte[] text) {
        try {
            WgQuickParser.parse("wg0.conf", text);
        } catch (ConfException e) {
            return e.problems().stream().map(ConfProblem::toString).toList();
        }
        throw new AssertionError("the file was accepted");
    }

    static List<String> warnings(String text) throws ConfException {
        return parse(text).warnings().stream().map(ConfProblem::toString).toList();
    }
}
