package dev.culvert.conf;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Runs nothing: notes what would be run, answers queries from a table, and fails where a test says so.
final class RecordingCommands implements CommandRunner {
    /// Commands, hooks and what the link did, in order.
    final List<String> log = new ArrayList<>();

    final List<String> said = new ArrayList<>();
    final Map<String, String> inputs = new HashMap<>();
    final Map<String, String> answers = new HashMap<>();
    Set<String> missing = Set.of("resolvconf", "iptables-restore");
    int failAt = -1;

    @Override
    public void run(List<String> command, @Nullable String input) throws IOException {
        String text = String.join(" ", command);
        if (input != null) {
            inputs.merge(text, input, String::concat);
        }
        step(text);
    }

    @Override
    public Answer query(List<String> command, @Nullable String input) {
        String answer = answers.get(String.join(" ", command));
        return new Answer(answer == null ? 1 : 0, answer == null ? "" : answer);
    }

    @Override
    public void hook(String script, String interfaceName, String configFile) throws IOException {
        step("hook " + script);
    }

    @Override
    public boolean finds(String program) {
        return !missing.contains(program);
    }

    @Override
    public void say(String line) {
        said.add(line);
    }

    void step(String text) throws IOException {
        int number = log.size();
        log.add(text);
        if (number == failAt) {
            throw new IOException("`" + text + "` failed as the test wants it");
        }
    }
}
