package dev.culvert.bench.faults;

import dev.culvert.bench.lab.TrialFailure;
import dev.culvert.bench.lab.Waiting;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/// The controller's side of [FaultAgent]: its jar, the option that loads it, and the file that it follows.
final class FaultControl implements AutoCloseable {
    private static final List<String> CLASSES =
            List.of("FaultAgent", "FaultAgent$Transformer", "FaultAgent$Transformer$1");
    /// The agent reads its file fifty times a second.
    private static final double SEEN_AFTER_S = 0.1;

    private final Path directory;

    FaultControl() {
        try {
            directory = Files.createTempDirectory("culvert-agent");
            Manifest manifest = new Manifest();
            manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
            manifest.getMainAttributes().put(new Attributes.Name("Premain-Class"), FaultAgent.class.getName());
            try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(jar()), manifest)) {
                for (String name : CLASSES) {
                    String resource = FaultAgent.class.getPackageName().replace('.', '/') + "/" + name + ".class";
                    try (InputStream bytes = FaultAgent.class.getResourceAsStream("/" + resource)) {
                        if (bytes == null) {
                            throw new TrialFailure("the class " + resource + " is missing");
                        }
                        jar.putNextEntry(new JarEntry(resource));
                        bytes.transferTo(jar);
                    }
                }
            }
            Files.writeString(file(), "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path jar() {
        return directory.resolve("agent.jar");
    }

    private Path file() {
        return directory.resolve("control");
    }

    /// For the program's start.
    Map<String, String> environment() {
        return Map.of("CULVERT_JAVA_OPTS", "-javaagent:" + jar() + "=" + file());
    }

    void wallStep(int seconds) {
        write("wallStepS=" + seconds);
    }

    void sendErrors(int errno, int percent) {
        write("percent=" + percent + " errno=" + errno);
    }

    void noSendErrors() {
        write("percent=0");
    }

    /// Written beside and renamed, so that the agent never reads half of it.
    private void write(String words) {
        try {
            Path next = directory.resolve("next");
            Files.writeString(next, words);
            Files.move(next, file(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Waiting.seconds(SEEN_AFTER_S);
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(jar());
        Files.deleteIfExists(file());
        Files.deleteIfExists(directory);
    }
}
