package dev.culvert.house;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/// The project's files as they are written, parsed by the JDK's own parser and never compiled.
final class SourceTree {
    private static final Set<String> NOT_OURS = Set.of("target", ".git", ".idea");

    private SourceTree() {}

    /// One Java file.
    ///
    /// @param path below the project
    record JavaFile(Path path, CompilationUnitTree unit, SourcePositions positions) {
        String packageName() {
            return unit.getPackageName() == null ? "" : unit.getPackageName().toString();
        }

        boolean isTest() {
            return path.toString().contains("src/test/");
        }

        boolean isBench() {
            return path.startsWith("bench");
        }

        long line(long position) {
            return unit.getLineMap().getLineNumber(position);
        }

        long lines() throws IOException {
            return unit.getSourceFile().getCharContent(true).toString().lines().count();
        }
    }

    /// The directory that holds the modules.
    static Path project() {
        Path directory = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(directory.resolve("deploy")) || !Files.isDirectory(directory.resolve("gateway"))) {
            directory = Objects.requireNonNull(directory.getParent(), "run inside the project's tree");
        }
        return directory;
    }

    /// Tracked files, and new ones that are not ignored; all files where git has no answer (a release archive, a
    /// checkout of another user).
    static List<Path> files(Path project) throws IOException {
        if (!Files.exists(project.resolve(".git"))) {
            return walk(project);
        }
        Process git = new ProcessBuilder("git", "-C", project.toString(), "ls-files", "-z", "-co", "--exclude-standard")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        List<Path> found = new ArrayList<>();
        try (InputStream names = git.getInputStream()) {
            for (String name : new String(names.readAllBytes(), StandardCharsets.UTF_8).split("\0", -1)) {
                Path file = project.resolve(name);
                if (Files.isRegularFile(file)) {
                    found.add(file);
                }
            }
        }
        return found.isEmpty() ? walk(project) : found;
    }

    private static List<Path> walk(Path project) throws IOException {
        List<Path> found = new ArrayList<>();
        Files.walkFileTree(project, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                boolean ours = !NOT_OURS.contains(String.valueOf(directory.getFileName()));
                return ours ? FileVisitResult.CONTINUE : FileVisitResult.SKIP_SUBTREE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                found.add(file);
                return FileVisitResult.CONTINUE;
            }
        });
        return found;
    }

    static List<JavaFile> parse(Path project, List<Path> files) throws IOException {
        List<Path> java =
                files.stream().filter(file -> file.toString().endsWith(".java")).toList();
        if (java.isEmpty()) {
            return List.of();
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            JavacTask task = (JavacTask)
                    compiler.getTask(null, manager, null, null, null, manager.getJavaFileObjectsFromPaths(java));
            SourcePositions positions = Trees.instance(task).getSourcePositions();
            List<JavaFile> parsed = new ArrayList<>();
            for (CompilationUnitTree unit : task.parse()) {
                Path path = Path.of(unit.getSourceFile().toUri());
                parsed.add(new JavaFile(project.relativize(path), unit, positions));
            }
            return parsed;
        }
    }
}
