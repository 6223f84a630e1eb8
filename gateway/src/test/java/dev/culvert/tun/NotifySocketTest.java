package dev.culvert.tun;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a service manager hears, on a datagram socket that socat holds for it.
@Timeout(20)
final class NotifySocketTest {
    @TempDir
    private Path directory = Path.of("");

    @Test
    void aPathIsTold() throws Exception {
        String path = directory.resolve("notify").toString();
        assertThat(heard("UNIX-RECV:" + path, path)).isEqualTo("READY=1");
    }

    @Test
    void anAbstractNameIsTold() throws Exception {
        String name = "culvert-test-" + ProcessHandle.current().pid();
        assertThat(heard("ABSTRACT-RECV:" + name, "@" + name)).isEqualTo("READY=1");
    }

    private static String heard(String listen, String socket) throws Exception {
        Process socat = new ProcessBuilder(List.of("socat", "-u", listen, "STDOUT")).start();
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(socat.getInputStream(), StandardCharsets.UTF_8))) {
            boolean sent = false;
            for (int tries = 0; !sent && tries < 500; tries++) {
                try {
                    new NotifySocket(socket).send("READY=1\n");
                    sent = true;
                } catch (IOException e) {
                    Thread.sleep(10); // socat is not there yet
                }
            }
            assertThat(sent).isTrue();
            return out.readLine();
        } finally {
            socat.destroy();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "relative", "/nowhere/at/all"})
    void whoIsNotThereIsAnErrorAndNoMore(String socket) {
        assertThatThrownBy(() -> new NotifySocket(socket).send("READY=1")).isInstanceOf(IOException.class);
    }
}
