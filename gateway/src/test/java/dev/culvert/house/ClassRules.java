package dev.culvert.house;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaStaticInitializer;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/// The rules that [FloorPlanTest] checks on the compiled classes.
final class ClassRules {
    private static final Pattern LOGGING =
            Pattern.compile("(org\\.slf4j|ch\\.qos\\.logback|java\\.util\\.logging)\\..*");
    private static final Pattern NETTY = Pattern.compile("io\\.netty\\..*");
    private static final Pattern MICROMETER = Pattern.compile("(io\\.micrometer|io\\.prometheus)\\..*");
    private static final Pattern LINKER = Pattern.compile("java\\.lang\\.foreign\\.Linker(\\$.*)?");
    private static final Pattern THREADS =
            Pattern.compile("java\\.lang\\.Thread(\\$.*)?|java\\.util\\.concurrent\\.[A-Z].*(Executor|Pool|Thread).*");
    private static final Pattern CLOCKS = Pattern.compile("java\\.time\\..*|java\\.util\\.(Date|Calendar)");
    private static final Pattern SOCKETS = Pattern.compile("java\\.(net|nio\\.channels|nio\\.file)\\..*");
    private static final Pattern GENERATORS = Pattern.compile(
            "java\\.security\\.SecureRandom|java\\.util\\.(Random|SplittableRandom|random\\..*)|.*ThreadLocalRandom");
    private static final Pattern USES_A_GENERATOR = Pattern.compile("(" + GENERATORS + ")\\..*");
    private static final Pattern READS_A_CLOCK = Pattern.compile("java\\.lang\\.System\\.(nanoTime|currentTimeMillis)"
            + "|java\\.time\\..*\\.now|java\\.time\\.Clock\\.(system|tick).*|java\\.lang\\.Math\\.random");
    private static final Pattern KEY_AS_TEXT =
            Pattern.compile("dev\\.culvert\\.crypto\\.(PrivateKey|PresharedKey)\\.(toBase64|toHex)");
    private static final Pattern STANDARD_STREAM = Pattern.compile("java\\.lang\\.System\\.(out|err)");
    private static final Pattern OWNERSHIP =
            Pattern.compile("dev\\.culvert\\.device\\.(LaneConfined|Published|AnyThread)");

    private ClassRules() {}

    static List<ClassRule> all() {
        return List.of(
                importsGoDownOnly(),
                floorsHaveNoCycles(),
                cryptoIsAlone(),
                protocolCoreDoesNoInput(),
                pathReadsNoClock(),
                linkerOnlyAtTheKernel(),
                micrometerOnlyInMetrics(),
                ownershipDeclaredOnce(),
                keysBecomeTextOnlyForOperators(),
                onlyCommandsPrint());
    }

    private static ClassRule importsGoDownOnly() {
        return new ClassRule(
                "imports go down only",
                everyClass("use only the floors below it", (from, found) -> {
                    String floor = FloorPlan.floorOf(from.getPackageName());
                    for (Dependency dependency : from.getDirectDependenciesFromSelf()) {
                        String target = FloorPlan.floorOf(dependency
                                .getTargetClass()
                                .getBaseComponentType()
                                .getPackageName());
                        if (floor == null || target == null) {
                            continue;
                        }
                        String complaint = FloorPlan.complaint(floor, target);
                        if (complaint != null) {
                            found.accept(complaint + ": " + dependency.getDescription());
                        }
                    }
                }),
                List.of(
                        Fault.in(
                                "dev/culvert/wire/Upward.java",
                                "package dev.culvert.wire; class Upward { dev.culvert.device.AllowedIp up; }",
                                "'wire' must not use 'device'"),
                        Fault.in(
                                "dev/culvert/attic/Attic.java",
                                "package dev.culvert.attic; class Attic { dev.culvert.device.AllowedIp ip; }",
                                "'attic' is not on the floor plan")));
    }

    private static ClassRule floorsHaveNoCycles() {
        return new ClassRule(
                "floors have no cycles",
                slices().matching(FloorPlan.HOUSE + ".(*)..").should().beFreeOfCycles(),
                List.of(new Fault(
                        Map.of(
                                "dev/culvert/wire/Egg.java",
                                "package dev.culvert.wire; public class Egg { dev.culvert.noise.Hen hen; }",
                                "dev/culvert/noise/Hen.java",
                                "package dev.culvert.noise; public class Hen { dev.culvert.wire.Egg egg; }"),
                        "Cycle detected")));
    }

    private static ClassRule cryptoIsAlone() {
        return new ClassRule(
                "crypto knows neither Netty nor logging, clocks, threads",
                floors("use primitives only", Set.of("crypto"), (from, found) -> {
                    forbidTypes(from, found, NETTY, LOGGING, CLOCKS, THREADS, SOCKETS);
                    forbidAccess(from, found, READS_A_CLOCK);
                }),
                List.of(
                        inClass("crypto", "io.netty.buffer.ByteBuf buffer;", "io.netty.buffer.ByteBuf"),
                        inClass("crypto", "org.slf4j.Logger log;", "org.slf4j.Logger"),
                        inClass("crypto", "long now() { return System.nanoTime(); }", "System.nanoTime"),
                        inClass("crypto", "Thread worker;", "java.lang.Thread")));
    }

    private static ClassRule protocolCoreDoesNoInput() {
        return new ClassRule(
                "wire and noise have no sockets, clocks or generators",
                floors("take time and chance as arguments", Set.of("wire", "noise"), (from, found) -> {
                    forbidTypes(from, found, NETTY, SOCKETS, CLOCKS, GENERATORS, THREADS);
                    forbidAccess(from, found, READS_A_CLOCK);
                }),
                List.of(
                        inClass("noise", "java.net.DatagramSocket socket;", "java.net.DatagramSocket"),
                        inClass("noise", "long now() { return System.nanoTime(); }", "System.nanoTime"),
                        inClass("noise", "java.security.SecureRandom random;", "java.security.SecureRandom"),
                        inClass("noise", "Object now() { return java.time.Instant.now(); }", "java.time.Instant"),
                        inClass("wire", "double chance() { return Math.random(); }", "java.lang.Math.random")));
    }

    /// A static initialiser may draw: seeds of hash tables, which no packet shows.
    private static ClassRule pathReadsNoClock() {
        return new ClassRule(
                "device reads no clock and draws no chance of its own",
                floors("take the clocks and generators it is given", Set.of("device"), (from, found) -> {
                    forbidAccess(from, found, READS_A_CLOCK);
                    from.getAccessesFromSelf().stream()
                            .filter(access -> !(access.getOrigin() instanceof JavaStaticInitializer))
                            .forEach(access -> forbid(access, found, USES_A_GENERATOR));
                }),
                List.of(
                        inClass("device", "long now() { return System.nanoTime(); }", "System.nanoTime"),
                        inClass(
                                "device",
                                "java.util.Random random = new java.util.Random();",
                                "java.util.Random.<init>")));
    }

    private static ClassRule linkerOnlyAtTheKernel() {
        return new ClassRule(
                "only tun and crypto call native code",
                floorsBut(
                        "leave native calls to tun and crypto",
                        Set.of("tun", "crypto"),
                        (from, found) -> forbidTypes(from, found, LINKER)),
                List.of(inClass("device", "java.lang.foreign.Linker linker;", "java.lang.foreign.Linker")));
    }

    private static ClassRule micrometerOnlyInMetrics() {
        return new ClassRule(
                "only metrics, admin and root know Micrometer",
                floorsBut(
                        "leave Micrometer to metrics",
                        Set.of("metrics", "admin", FloorPlan.ROOT),
                        (from, found) -> forbidTypes(from, found, MICROMETER)),
                List.of(inClass(
                        "device",
                        "io.micrometer.core.instrument.MeterRegistry meters;",
                        "io.micrometer.core.instrument.MeterRegistry")));
    }

    private static ClassRule ownershipDeclaredOnce() {
        return new ClassRule(
                "each class of device says who may touch it",
                floors(
                        "carry exactly one of @LaneConfined, @Published, @AnyThread",
                        Set.of("device"),
                        (from, found) -> {
                            if (!from.isTopLevelClass()
                                    || from.isAnnotation()
                                    || from.getSimpleName().equals("package-info")) {
                                return;
                            }
                            long declared = from.getAnnotations().stream()
                                    .filter(annotation -> OWNERSHIP
                                            .matcher(annotation.getRawType().getName())
                                            .matches())
                                    .count();
                            if (declared != 1) {
                                found.accept(from.getName() + " carries " + declared
                                        + " ownership annotations instead of one");
                            }
                        }),
                List.of(
                        Fault.in(
                                "dev/culvert/device/Orphan.java",
                                "package dev.culvert.device; class Orphan {}",
                                "dev.culvert.device.Orphan carries 0 ownership annotations"),
                        Fault.in(
                                "dev/culvert/device/TwoOwners.java",
                                "package dev.culvert.device; @LaneConfined @AnyThread class TwoOwners {}",
                                "dev.culvert.device.TwoOwners carries 2 ownership annotations")));
    }

    private static ClassRule keysBecomeTextOnlyForOperators() {
        return new ClassRule(
                "secret keys become text only in uapi, conf and cli",
                floorsBut(
                        "leave a secret key's text to uapi, conf and cli",
                        Set.of("crypto", "uapi", "conf", "cli"),
                        (from, found) -> forbidAccess(from, found, KEY_AS_TEXT)),
                List.of(
                        inClass(
                                "device",
                                "String text(dev.culvert.crypto.PrivateKey key) { return key.toBase64(); }",
                                "PrivateKey.toBase64"),
                        inClass(
                                "metrics",
                                "String text(dev.culvert.crypto.PresharedKey key) { return key.toHex(); }",
                                "PresharedKey.toHex")));
    }

    private static ClassRule onlyCommandsPrint() {
        return new ClassRule(
                "only root and cli use the standard streams",
                floorsBut("log instead of printing", Set.of(FloorPlan.ROOT, "cli"), (from, found) -> {
                    forbidAccess(from, found, STANDARD_STREAM);
                    forbidAccess(from, found, Pattern.compile(".*\\.printStackTrace"));
                }),
                List.of(
                        inClass("device", "void say() { System.out.println(1); }", "java.lang.System.out"),
                        inClass("conf", "void say(Exception e) { e.printStackTrace(); }", "printStackTrace")));
    }

    /// A class `Planted` of that floor with this one member.
    private static Fault inClass(String floor, String member, String expected) {
        String ownership = floor.equals("device") ? "@LaneConfined " : "";
        return Fault.in(
                "dev/culvert/" + floor + "/Planted.java",
                "package dev.culvert." + floor + "; " + ownership + "class Planted { " + member + " }",
                expected);
    }

    private static void forbidTypes(JavaClass from, Consumer<String> found, Pattern... patterns) {
        for (Dependency dependency : from.getDirectDependenciesFromSelf()) {
            String target = dependency.getTargetClass().getBaseComponentType().getName();
            for (Pattern pattern : patterns) {
                if (pattern.matcher(target).matches()) {
                    found.accept(target + " does not belong here: " + dependency.getDescription());
                }
            }
        }
    }

    private static void forbidAccess(JavaClass from, Consumer<String> found, Pattern pattern) {
        from.getAccessesFromSelf().forEach(access -> forbid(access, found, pattern));
    }

    private static void forbid(JavaAccess<?> access, Consumer<String> found, Pattern pattern) {
        String target = access.getTargetOwner().getName() + "." + access.getName();
        if (pattern.matcher(target).matches()) {
            found.accept(target + " does not belong here: " + access.getDescription());
        }
    }

    private static ArchRule everyClass(String description, BiConsumer<JavaClass, Consumer<String>> check) {
        return classes().should(condition(description, check)).allowEmptyShould(true);
    }

    private static ArchRule floors(
            String description, Set<String> floors, BiConsumer<JavaClass, Consumer<String>> check) {
        return everyClass(description, (from, found) -> {
            if (floors.contains(String.valueOf(FloorPlan.floorOf(from.getPackageName())))) {
                check.accept(from, found);
            }
        });
    }

    private static ArchRule floorsBut(
            String description, Set<String> exempt, BiConsumer<JavaClass, Consumer<String>> check) {
        return everyClass(description, (from, found) -> {
            if (!exempt.contains(String.valueOf(FloorPlan.floorOf(from.getPackageName())))) {
                check.accept(from, found);
            }
        });
    }

    private static ArchCondition<JavaClass> condition(
            String description, BiConsumer<JavaClass, Consumer<String>> check) {
        return new ArchCondition<>(description) {
            @Override
            public void check(JavaClass from, ConditionEvents events) {
                check.accept(from, complaint -> events.add(SimpleConditionEvent.violated(from, complaint)));
            }
        };
    }
}
