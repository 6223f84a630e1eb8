package dev.culvert.bench.faults;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.ProtectionDomain;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// Runs inside the hub's JVM (`-javaagent`) and gives the shipped program faults that a namespace cannot: a step of the
/// wall clock, and errors of sendmmsg. It follows a file of words, `wallStepS=-3600 errno=11 percent=10`, that the
/// controller rewrites. Needs nothing but the JDK, since it goes into a jar of its own ([FaultControl]).
public final class FaultAgent {
    private static final long POLL_MS = 20;
    private static final long SECOND_NS = 1_000_000_000L;
    private static final String CLOCK = "dev/culvert/tun/BootClock";
    private static final String SOCKET = "dev/culvert/tun/UdpSocket";
    private static final ClassDesc ME = ClassDesc.of(FaultAgent.class.getName());

    private static volatile long wallStepNs;
    private static volatile int errno;
    private static volatile int percent;

    private FaultAgent() {}

    public static void premain(String controlFile, Instrumentation instrumentation) {
        Path file = Path.of(controlFile);
        Thread.ofPlatform().daemon().name("fault-agent").start(() -> follow(file));
        instrumentation.addTransformer(new Transformer());
    }

    /// Added to the wall clock.
    public static long wallStepNs() {
        return wallStepNs;
    }

    /// What the next sendmmsg shall fail with; 0 lets it through.
    public static int sendErrno() {
        int chosen = errno;
        return chosen != 0 && (percent >= 100 || ThreadLocalRandom.current().nextInt(100) < percent) ? chosen : 0;
    }

    private static void follow(Path file) {
        String known = "";
        while (true) {
            try {
                String text = Files.readString(file);
                if (!text.equals(known)) {
                    known = text;
                    obey(text);
                }
                Thread.sleep(POLL_MS);
            } catch (IOException e) {
                return; // the controller has ended
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private static void obey(String text) {
        int newErrno = 0;
        for (String word : text.strip().split(" ", -1)) {
            int equals = word.indexOf('=');
            if (equals > 0) {
                int value = Integer.parseInt(word.substring(equals + 1));
                switch (word.substring(0, equals)) {
                    case "wallStepS" -> wallStepNs = value * SECOND_NS;
                    case "percent" -> percent = value;
                    case "errno" -> newErrno = value;
                    default -> throw new IllegalArgumentException(word);
                }
            }
        }
        errno = newErrno;
    }

    private static final class Transformer implements ClassFileTransformer {
        @Override
        public byte @Nullable [] transform(
                @Nullable ClassLoader loader,
                String className,
                @Nullable Class<?> redefined,
                @Nullable ProtectionDomain domain,
                byte[] bytes) {
            return switch (className) {
                case CLOCK -> changed(bytes, "wallNs", stepTheResult());
                case SOCKET -> changed(bytes, "send", failFirst());
                default -> null;
            };
        }

        private static byte[] changed(byte[] bytes, String method, CodeTransform code) {
            ClassFile file = ClassFile.of();
            ClassTransform transform = ClassTransform.transformingMethodBodies(
                    candidate -> candidate.methodName().equalsString(method), code);
            return file.transformClass(file.parse(bytes), transform);
        }

        /// `return x` becomes `return x + wallStepNs()`.
        private static CodeTransform stepTheResult() {
            return (builder, element) -> {
                if (element instanceof ReturnInstruction) {
                    builder.invokestatic(ME, "wallStepNs", MethodTypeDesc.of(ConstantDescs.CD_long))
                            .ladd();
                }
                builder.with(element);
            };
        }

        /// Begins with `int e = sendErrno(); if (e != 0) return -e;`.
        private static CodeTransform failFirst() {
            return new CodeTransform() {
                @Override
                public void atStart(CodeBuilder builder) {
                    Label through = builder.newLabel();
                    int chosen = builder.allocateLocal(TypeKind.INT);
                    builder.invokestatic(ME, "sendErrno", MethodTypeDesc.of(ConstantDescs.CD_int))
                            .istore(chosen)
                            .iload(chosen)
                            .ifeq(through)
                            .iload(chosen)
                            .ineg()
                            .ireturn()
                            .labelBinding(through);
                }

                @Override
                public void accept(CodeBuilder builder, CodeElement element) {
                    builder.with(element);
                }
            };
        }
    }
}
