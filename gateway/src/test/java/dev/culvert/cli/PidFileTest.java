package dev.culvert.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PidFileTest {
    @TempDir
    private Path directory;

    @Test
    void knowsAProcessAgainByItsStartTime() throws Exception {
        PidFile file = new PidFile(new Console(directory).host(), "wg0");
        assertThat(file.running()).isNull();
        file.claim(Path.of("/etc/wireguard/wg0.conf"));
        PidFile.Owner owner = file.running();
        assertThat(owner).isNotNull();
        assertThat(owner)
                .extracting(PidFile.Owner::pid, PidFile.Owner::file)
                .containsExactly(ProcessHandle.current().pid(), Path.of("/etc/wireguard/wg0.conf"));
        assertThatThrownBy(() -> file.claim(Path.of("/x"))).hasMessageContaining("runs this interface already");

        Path path = directory.resolve("run/wg0.pid");
        List<String> lines = Files.readAllLines(path);
        Files.write(path, List.of(lines.get(0), lines.get(1) + "1", lines.get(2))); // another process, the same number
        assertThat(file.running()).isNull();
        Files.write(path, List.of("nonsense"));
        assertThat(file.running()).isNull();
        file.claim(Path.of("/x"));
        file.release();
        assertThat(path).doesNotExist();
    }

    @Test
    void leavesTheFileOfAnotherProcessAlone() throws Exception {
        PidFile file = new PidFile(new Console(directory).host(), "wg0");
        Files.createDirectories(directory.resolve("run"));
        Path path = Files.write(directory.resolve("run/wg0.pid"), List.of("1", "0", "/x"));
        file.release();
        assertThat(path).exists();
    }
}
