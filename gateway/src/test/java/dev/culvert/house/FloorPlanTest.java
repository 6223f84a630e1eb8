package dev.culvert.house;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Checks the compiled classes of the house against [ClassRules], and the rules against planted faults.
final class FloorPlanTest {
    private static final JavaClasses HOUSE = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(FloorPlan.HOUSE);

    static List<ClassRule> rules() {
        return ClassRules.all();
    }

    static Stream<Object[]> faults() {
        return rules().stream().flatMap(rule -> rule.faults().stream().map(fault -> new Object[] {rule, fault}));
    }

    @Test
    void seesBothModules() {
        assertThat(HOUSE.contain("dev.culvert.crypto.PrivateKey")).isTrue();
        assertThat(HOUSE.contain("dev.culvert.device.AllowedIp")).isTrue();
        assertThat(HOUSE.contain(FloorPlanTest.class)).isFalse();
    }

    @Test
    void thePlanItselfHasNoCycle() {
        for (String floor : FloorPlan.floors()) {
            assertThat(FloorPlan.below(floor)).as(floor).doesNotContain(floor);
        }
    }

    @ParameterizedTest
    @MethodSource("rules")
    void theHouseKeeps(ClassRule rule) {
        rule.rule().check(HOUSE);
    }

    @ParameterizedTest
    @MethodSource("rules")
    void everyRuleHasAFaultThatProvesIt(ClassRule rule) {
        assertThat(rule.faults()).isNotEmpty();
    }

    @ParameterizedTest
    @MethodSource("faults")
    void findsThePlantedFault(ClassRule rule, Fault fault, @TempDir Path directory) throws IOException {
        JavaClasses planted = compile(fault.sources(), directory);

        var result = rule.rule().evaluate(planted);

        assertThat(result.hasViolation()).isTrue();
        assertThat(String.join("\n", result.getFailureReport().getDetails())).contains(fault.expected());
    }

    private static JavaClasses compile(Map<String, String> sources, Path directory) throws IOException {
        Path classes = Files.createDirectory(directory.resolve("classes"));
        List<String> arguments = new ArrayList<>(List.of("-proc:none", "-nowarn", "-d", classes.toString()));
        for (Map.Entry<String, String> source : sources.entrySet()) {
            Path file = directory.resolve(source.getKey());
            Files.createDirectories(file.getParent());
            Files.writeString(file, source.getValue());
            arguments.add(file.toString());
        }
        int status = ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(String[]::new));
        assertThat(status).as("javac on the planted source").isZero();
        return new ClassFileImporter().importPath(classes);
    }
}
