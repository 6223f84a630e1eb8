package dev.culvert.house;

import com.sun.source.tree.BlockTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.ImportTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.NewClassTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.TreeScanner;
import dev.culvert.house.SourceTree.JavaFile;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The rules that [TidyTest] checks on the files as they are written.
final class SourceRules {
    static final int FILE_LINES_MAX = 600;
    static final int METHOD_LINES_MAX = 90;
    /// Beyond these, a second idea usually hides: printed, not failed.
    static final int FILE_LINES_SYMPTOM = 400;

    static final int METHOD_LINES_SYMPTOM = 70;

    private static final Pattern BANNED_NAME = Pattern.compile(".*(Manager|Helper|Utils?|Impl)|(Abstract|Base)[A-Z].*");
    private static final Pattern LOG_CALL = Pattern.compile("(?i)(log|logger)\\.(trace|debug|info|warn|error|atInfo)");
    private static final Pattern SECRET =
            Pattern.compile("(?i)(private|preshared|static|shared|chaining|sending|receiving)(key|secret)|psk|secret");
    /// A host one of whose labels is what package registries and their mirrors are called.
    private static final Pattern REGISTRY_HOST = Pattern.compile("(?i)(?<![\\w.-])(?:[a-z0-9-]+\\.)*"
            + "(?:repo[0-9]?|[a-z-]*registry|[a-z-]*artifact[a-z-]*|nexus|snapshots?|plugins|deb|pypi|npmjs|crates|mirrors?)"
            + "(?:\\.[a-z0-9-]+)*\\.(?:org|com|io|net|dev|cn)(?![\\w-])");

    private SourceRules() {}

    static List<SourceRule> all() {
        return List.of(
                importsGoDownOnly(),
                noWildcardImports(),
                namesSayWhatThingsAre(),
                filesStaySmall(),
                methodsStaySmall(),
                secretsStayOutOfLogsAndExceptions(),
                noRegistryHosts());
    }

    private static SourceRule importsGoDownOnly() {
        return new SourceRule(
                "imports go down only, also for constants that the compiler copies",
                eachJava((file, found) -> {
                    String from = file.isBench() ? FloorPlan.BENCH : FloorPlan.floorOf(file.packageName());
                    if (file.isTest() || from == null) {
                        return;
                    }
                    forEachName(file.unit(), name -> {
                        String target = FloorPlan.floorOf(name);
                        String complaint = target == null ? null : FloorPlan.complaint(from, target);
                        if (complaint != null) {
                            found.accept(complaint + ": " + name);
                        }
                    });
                }),
                List.of(
                        Fault.in(
                                "gateway/src/main/java/dev/culvert/wire/Planted.java",
                                "package dev.culvert.wire; import static dev.culvert.device.Lane.LANES_MAX; class Planted {}",
                                "'wire' must not use 'device': dev.culvert.device.Lane.LANES_MAX"),
                        Fault.in(
                                "gateway/src/main/java/dev/culvert/noise/Planted.java",
                                "package dev.culvert.noise; class Planted { int a = dev.culvert.device.Lane.MAX; }",
                                "'noise' must not use 'device': dev.culvert.device.Lane.MAX"),
                        Fault.in(
                                "gateway/src/main/java/dev/culvert/Planted.java",
                                "package dev.culvert; import dev.culvert.bench.SealBenchmark; class Planted {}",
                                "'root' must not use 'bench'"),
                        Fault.in(
                                "bench/src/main/java/dev/culvert/bench/Planted.java",
                                "package dev.culvert.bench; import dev.culvert.conf.ConfKey; class Planted {}",
                                "'bench' must not use 'conf'")));
    }

    private static SourceRule noWildcardImports() {
        return new SourceRule(
                "no wildcard imports",
                eachJava((file, found) -> {
                    for (ImportTree statement : file.unit().getImports()) {
                        String name = statement.getQualifiedIdentifier().toString();
                        if (name.endsWith(".*") || statement.isModule()) {
                            found.accept("import each class by its name, not " + name);
                        }
                    }
                }),
                List.of(
                        java("import java.util.*;", "class Planted {}", "not java.util.*"),
                        java("import module java.base;", "class Planted {}", "not java.base")));
    }

    private static SourceRule namesSayWhatThingsAre() {
        return new SourceRule(
                "names say what things are",
                eachJava((file, found) -> new TreeScanner<@Nullable Void, @Nullable Void>() {
                    @Override
                    public @Nullable Void visitClass(ClassTree type, @Nullable Void none) {
                        String name = type.getSimpleName().toString();
                        if (BANNED_NAME.matcher(name).matches()) {
                            found.accept(name + " does not say what it is: no *Manager, *Helper, *Util, *Impl,"
                                    + " Abstract*, Base*");
                        }
                        return super.visitClass(type, null);
                    }
                }.scan(file.unit(), null)),
                List.of(
                        java("", "class PeerManager {}", "PeerManager does not say"),
                        java("", "class Outer { interface ByteUtils {} }", "ByteUtils does not say"),
                        java("", "enum LaneHelper {}", "LaneHelper does not say"),
                        java("", "record TunImpl() {}", "TunImpl does not say"),
                        java("", "class AbstractTun {}", "AbstractTun does not say"),
                        java("", "class BaseTun {}", "BaseTun does not say")));
    }

    private static SourceRule filesStaySmall() {
        return new SourceRule(
                "files have at most " + FILE_LINES_MAX + " lines",
                (_, _, java) -> {
                    List<String> found = new ArrayList<>();
                    for (JavaFile file : java) {
                        if (file.lines() > FILE_LINES_MAX) {
                            found.add(file.path() + " has " + file.lines() + " lines, more than " + FILE_LINES_MAX);
                        }
                    }
                    return found;
                },
                List.of(java("", "class Planted {\n" + "\n".repeat(FILE_LINES_MAX) + "}", "lines, more than 600")));
    }

    private static SourceRule methodsStaySmall() {
        return new SourceRule(
                "methods have at most " + METHOD_LINES_MAX + " lines",
                eachJava((file, found) -> forEachMethod(file, (name, lines) -> {
                    if (lines > METHOD_LINES_MAX) {
                        found.accept(name + " has " + lines + " lines, more than " + METHOD_LINES_MAX);
                    }
                })),
                List.of(java(
                        "",
                        "class Planted { void grows() {" + "\n".repeat(METHOD_LINES_MAX) + "} }",
                        "grows has 91 lines, more than 90")));
    }

    private static SourceRule secretsStayOutOfLogsAndExceptions() {
        return new SourceRule(
                "secrets stay out of logs and exceptions",
                eachJava((file, found) -> new TreeScanner<@Nullable Void, @Nullable Void>() {
                    @Override
                    public @Nullable Void visitMethodInvocation(MethodInvocationTree call, @Nullable Void none) {
                        if (LOG_CALL.matcher(call.getMethodSelect().toString()).matches()) {
                            findSecrets(call.getArguments(), found);
                        }
                        return super.visitMethodInvocation(call, null);
                    }

                    @Override
                    public @Nullable Void visitNewClass(NewClassTree creation, @Nullable Void none) {
                        if (creation.getIdentifier().toString().matches(".*(Exception|Error)")) {
                            findSecrets(creation.getArguments(), found);
                        }
                        return super.visitNewClass(creation, null);
                    }
                }.scan(file.unit(), null)),
                List.of(
                        java(
                                "",
                                "class Planted { void f() { LOG.info(\"key {}\", privateKey); } }",
                                "privateKey must not be logged or thrown"),
                        java(
                                "",
                                "class Planted { void f(C c) { log.debug(\"\" + c.presharedKey()); } }",
                                "presharedKey must not be logged or thrown"),
                        java(
                                "",
                                "class Planted { void f() { throw new IllegalStateException(\"bad \" + psk); } }",
                                "psk must not be logged or thrown")));
    }

    private static SourceRule noRegistryHosts() {
        return new SourceRule(
                "no file names a package registry",
                (project, files, _) -> {
                    List<String> found = new ArrayList<>();
                    for (Path file : files) {
                        Matcher host = REGISTRY_HOST.matcher(text(file));
                        while (host.find()) {
                            found.add(project.relativize(file) + " names the host " + host.group()
                                    + ": leave the choice of registry to the user's own settings");
                        }
                    }
                    return found;
                },
                List.of(
                        Fault.in("pom.xml", "<url>https://" + "repo1" + ".example.org/maven2</url>", "names the host"),
                        Fault.in("deploy/get", "curl registry" + ".example.com/thing", "names the host"),
                        Fault.in("README.md", "from https://example" + ".jfrog-artifactory.io/x", "names the host")));
    }

    private static Fault java(String imports, String body, String expected) {
        return Fault.in(
                "gateway/src/main/java/dev/culvert/tun/Planted.java",
                "package dev.culvert.tun; " + imports + "\n" + body,
                expected);
    }

    private static SourceRule.Check eachJava(BiConsumer<JavaFile, Consumer<String>> check) {
        return (_, _, java) -> {
            List<String> found = new ArrayList<>();
            for (JavaFile file : java) {
                check.accept(file, complaint -> found.add(file.path() + ": " + complaint));
            }
            return found;
        };
    }

    /// Calls `seen` with each imported name, and with each name that is written out from `dev.culvert` on.
    private static void forEachName(Tree unit, Consumer<String> seen) {
        new TreeScanner<@Nullable Void, @Nullable Void>() {
            @Override
            public @Nullable Void visitMemberSelect(MemberSelectTree select, @Nullable Void none) {
                String name = select.toString();
                if (name.startsWith(FloorPlan.HOUSE + ".")) {
                    seen.accept(name);
                    return null; // its own beginning would be a coarser name of the same thing
                }
                return super.visitMemberSelect(select, null);
            }

            @Override
            public @Nullable Void visitPackage(com.sun.source.tree.PackageTree declaration, @Nullable Void none) {
                return null;
            }
        }.scan(unit, null);
    }

    static void forEachMethod(JavaFile file, BiConsumer<String, Long> seen) {
        new TreeScanner<@Nullable Void, @Nullable Void>() {
            @Override
            public @Nullable Void visitMethod(MethodTree method, @Nullable Void none) {
                BlockTree body = method.getBody();
                if (body != null) {
                    long first = file.line(file.positions().getStartPosition(file.unit(), body));
                    long last = file.line(file.positions().getEndPosition(file.unit(), body));
                    seen.accept(method.getName().toString(), last - first + 1);
                }
                return super.visitMethod(method, null);
            }
        }.scan(file.unit(), null);
    }

    private static void findSecrets(List<? extends ExpressionTree> arguments, Consumer<String> found) {
        new TreeScanner<@Nullable Void, @Nullable Void>() {
            @Override
            public @Nullable Void visitIdentifier(IdentifierTree name, @Nullable Void none) {
                judge(name.getName().toString());
                return null;
            }

            @Override
            public @Nullable Void visitMemberSelect(MemberSelectTree select, @Nullable Void none) {
                judge(select.getIdentifier().toString());
                return super.visitMemberSelect(select, null);
            }

            private void judge(String name) {
                if (SECRET.matcher(name).matches()) {
                    found.accept(name + " must not be logged or thrown");
                }
            }
        }.scan(arguments, null);
    }

    private static String text(Path file) throws IOException {
        try {
            return Files.readString(file);
        } catch (MalformedInputException e) {
            return ""; // binary
        }
    }
}
