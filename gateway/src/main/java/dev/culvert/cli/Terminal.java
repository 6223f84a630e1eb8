package dev.culvert.cli;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/// The terminal that a command runs in, by stty(1): its size, and its keys as they are pressed. What it was before comes
/// back at the end, however the program ends; Ctrl-C is a key like q.
final class Terminal implements AutoCloseable {
    private static final File TTY = new File("/dev/tty");
    private static final int LIMIT_S = 2;
    private static final int END_OF_TEXT = 3;

    private final String before;
    private final Thread restoring;
    private final InputStream keys;

    /// @param rows of text, at least 2
    /// @param columns characters in a row
    record Size(int rows, int columns) {
        static final Size USUAL = new Size(24, 80);
    }

    /// @throws IOException if the program has no terminal
    Terminal() throws IOException {
        before = stty("-g").strip();
        keys = new FileInputStream(TTY);
        stty("-icanon", "-isig", "-echo", "min", "0", "time", "0");
        restoring = new Thread(this::restore);
        Runtime.getRuntime().addShutdownHook(restoring);
    }

    Size size() {
        try {
            String[] words = stty("size").strip().split(" ", -1);
            int rows = Integer.parseInt(words[0]);
            int columns = Integer.parseInt(words[words.length - 1]);
            return rows < 2 || columns < 1 ? Size.USUAL : new Size(rows, columns);
        } catch (IOException | NumberFormatException e) {
            return Size.USUAL;
        }
    }

    /// Whether somebody has pressed q since the last call.
    boolean isAskedToEnd() throws IOException {
        boolean ends = false;
        for (int key = keys.read(); key >= 0; key = keys.read()) {
            ends |= key == 'q' || key == 'Q' || key == END_OF_TEXT;
        }
        return ends;
    }

    private static String stty(String... words) throws IOException {
        String[] command = new String[words.length + 1];
        command[0] = "stty";
        System.arraycopy(words, 0, command, 1, words.length);
        Process stty = new ProcessBuilder(command)
                .redirectInput(TTY)
                .redirectErrorStream(true)
                .start();
        try {
            String said = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            if (!stty.waitFor(LIMIT_S, TimeUnit.SECONDS) || stty.exitValue() != 0) {
                throw new IOException("stty: " + said.strip());
            }
            return said;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private void restore() {
        try {
            stty(before);
        } catch (IOException e) {
            // The terminal has gone.
        }
    }

    @Override
    public void close() throws IOException {
        Runtime.getRuntime().removeShutdownHook(restoring);
        restore();
        keys.close();
    }
}
