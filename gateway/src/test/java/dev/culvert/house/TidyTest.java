package dev.culvert.house;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.house.SourceTree.JavaFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Checks the files of the project against [SourceRules], and the rules against planted faults.
final class TidyTest {
    private static final Path PROJECT = SourceTree.project();
    private static List<Path> files = List.of();
    private static List<JavaFile> java = List.of();

    static List<SourceRule> rules() {
        return SourceRules.all();
    }

    static Stream<Object[]> faults() {
        return rules().stream().flatMap(rule -> rule.faults().stream().map(fault -> new Object[] {rule, fault}));
    }

    @BeforeAll
    static void readTheProject() throws IOException {
        files = SourceTree.files(PROJECT);
        java = SourceTree.parse(PROJECT, files);
    }

    @Test
    void seesAllModules() {
        assertThat(java.stream().map(file -> file.path().toString()))
                .contains(
                        "crypto/src/main/java/dev/culvert/crypto/PrivateKey.java",
                        "gateway/src/main/java/dev/culvert/package-info.java",
                        "gateway/src/test/java/dev/culvert/house/TidyTest.java",
                        "bench/src/main/java/dev/culvert/bench/package-info.java");
        assertThat(files).contains(PROJECT.resolve("pom.xml"));
    }

    @ParameterizedTest
    @MethodSource("rules")
    void theProjectKeeps(SourceRule rule) throws IOException {
        assertThat(rule.check().violations(PROJECT, files, java)).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("rules")
    void everyRuleHasAFaultThatProvesIt(SourceRule rule) {
        assertThat(rule.faults()).isNotEmpty();
    }

    @ParameterizedTest
    @MethodSource("faults")
    void findsThePlantedFault(SourceRule rule, Fault fault, @TempDir Path directory) throws IOException {
        List<Path> planted = new ArrayList<>();
        for (Map.Entry<String, String> source : fault.sources().entrySet()) {
            Path file = directory.resolve(source.getKey());
            Files.createDirectories(file.getParent());
            planted.add(Files.writeString(file, source.getValue()));
        }

        List<String> violations = rule.check().violations(directory, planted, SourceTree.parse(directory, planted));

        assertThat(violations).singleElement().asString().contains(fault.expected());
    }

    @Test
    void printsWhatIsGettingLarge() throws IOException {
        List<String> symptoms = new ArrayList<>();
        for (JavaFile file : java) {
            if (file.lines() > SourceRules.FILE_LINES_SYMPTOM) {
                symptoms.add(file.path() + " has " + file.lines() + " lines");
            }
            SourceRules.forEachMethod(file, (name, lines) -> {
                if (lines > SourceRules.METHOD_LINES_SYMPTOM) {
                    symptoms.add(file.path() + ": " + name + " has " + lines + " lines");
                }
            });
        }
        symptoms.forEach(symptom -> System.out.println("Getting large, perhaps two ideas: " + symptom));
        assertThat(java).isNotEmpty();
    }
}
