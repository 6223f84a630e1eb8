package dev.culvert.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.conf.CpuList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// `--cpus`: on which CPUs the threads of the program really may run.
@ExtendWith(LogsOnFailure.class)
@Timeout(90)
final class CpusIT {
    private final Network network = new Network();
    private final Namespace namespace = network.namespace("h");
    private final String interfaceName = namespace.name() + "t";

    @AfterEach
    void closes() {
        network.close();
    }

    /// Of each thread of a process, as the kernel writes it.
    private static List<String> allowed(String process) throws IOException {
        List<String> lists = new ArrayList<>();
        try (Stream<Path> tasks = Files.list(Path.of("/proc", process, "task"))) {
            for (Path task : tasks.toList()) {
                lists.add(Files.readAllLines(task.resolve("status")).stream()
                        .filter(line -> line.startsWith("Cpus_allowed_list:"))
                        .map(line -> line.substring(line.indexOf(':') + 1).strip())
                        .findFirst()
                        .orElseThrow());
            }
        }
        return lists;
    }

    private Daemon daemon(String cpus) {
        List<String> command = List.of(Implementation.launcher(), "-f", "--cpus", cpus, interfaceName);
        return network.daemon(namespace, interfaceName, command, Implementation.CULVERT, 0);
    }

    @Test
    void eachLaneHasItsCpuAndNothingElseIsBound() throws IOException {
        String ours = allowed("self").getFirst();
        List<Integer> cpus = CpuList.parse(ours);
        assertThat(cpus).as("CPUs of this machine").hasSizeGreaterThan(1);
        List<Integer> wanted = List.of(cpus.get(1), cpus.get(0));
        Daemon daemon = daemon(wanted.get(0) + "," + wanted.get(1));
        daemon.awaitReady();
        assertThat(namespace.ip("-d tuntap show")).contains(interfaceName);
        List<String> allowed = allowed(Long.toString(daemon.pid()));
        for (int cpu : wanted) {
            assertThat(allowed.stream().filter(list -> list.equals(Integer.toString(cpu))))
                    .as("one lane on CPU %d, in %s", cpu, allowed)
                    .hasSize(1);
        }
        assertThat(allowed.stream().filter(list -> list.equals(ours))).hasSize(allowed.size() - 2);
        String shown = Command.require(Implementation.launcher(), "show", "--long", interfaceName);
        assertThat(shown)
                .contains("lanes: 2", "cpus: " + wanted.get(0) + "," + wanted.get(1), "steering: ebpf", "engine: ");
        assertThat(daemon.log()).content().contains("bound to CPUs [" + wanted.get(0) + ", " + wanted.get(1) + "]");
    }

    @Test
    void aCpuThatIsNotThereIsASentenceAndNoInterface() {
        Daemon daemon = daemon("8190");
        assertThat(daemon.awaitEnd(Duration.ofSeconds(30))).isEqualTo(1);
        assertThat(daemon.log()).content().contains("CPU 8190 is not there, is offline, or is not allowed");
        assertThat(namespace.hasLink(interfaceName)).isFalse();
    }

    @Test
    void moreLanesThanCpusIsASentence() {
        List<String> command = List.of(Implementation.launcher(), "-f", "--cpus", "0", "--lanes", "2", interfaceName);
        Daemon daemon = network.daemon(namespace, interfaceName, command, Implementation.CULVERT, 0);
        assertThat(daemon.awaitEnd(Duration.ofSeconds(30))).isEqualTo(1);
        assertThat(daemon.log()).content().contains("there are 2 lanes, but `cpus` names 1 CPUs");
    }
}
