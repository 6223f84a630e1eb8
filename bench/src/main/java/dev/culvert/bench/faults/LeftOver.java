package dev.culvert.bench.faults;

import dev.culvert.bench.lab.Namespace;
import dev.culvert.bench.lab.Uapi;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;

/// A daemon that detached itself: found by its interface's name, which no other process of the machine has, and ended
/// with the trial.
record LeftOver(Namespace namespace, String interfaceName) implements AutoCloseable {
    static List<Long> processesOf(String interfaceName) {
        return ProcessHandle.allProcesses()
                .filter(process -> process.info()
                        .arguments()
                        .map(arguments -> Arrays.asList(arguments).contains(interfaceName))
                        .orElse(false))
                .map(ProcessHandle::pid)
                .toList();
    }

    @Override
    public void close() throws IOException {
        for (long pid : processesOf(interfaceName)) {
            ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        }
        Files.deleteIfExists(Uapi.socketOf(interfaceName));
    }
}
