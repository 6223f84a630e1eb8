package dev.culvert.conf;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The programs of the host that [InterfaceSetup] calls. Commands are lists of arguments; only [#hook] has a
/// shell.
public interface CommandRunner {
    /// Says `[#] …` and runs a command that changes something.
    ///
    /// @param input what it reads from standard input, if anything
    /// @throws IOException with a sentence, if it cannot be run or ends with another code than 0
    void run(List<String> command, @Nullable String input) throws IOException, InterruptedException;

    /// Runs a command that only tells something. Says nothing.
    ///
    /// @throws IOException if it cannot be run
    Answer query(List<String> command, @Nullable String input) throws IOException, InterruptedException;

    /// Says and runs one hook in a shell, as wg-quick(8) does: it ends at the first command that fails.
    ///
    /// @param configFile the hook may use it, and `interfaceName`, as variables of wg-quick's names
    /// @throws IOException with a sentence, if it ends with another code than 0
    void hook(String script, String interfaceName, String configFile) throws IOException, InterruptedException;

    /// Whether there is such a program on the path.
    boolean finds(String program);

    /// Says one line to the operator.
    void say(String line);

    /// @param text standard output
    record Answer(int exitCode, String text) {
        public boolean isSuccess() {
            return exitCode == 0;
        }
    }
}
