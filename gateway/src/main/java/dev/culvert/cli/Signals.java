package dev.culvert.cli;

import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;

/// Handlers for TERM, INT and HUP, so that an asked-for end is an ordered one with exit code 0 and not the JVM's
/// 143. The JDK's class for it has no other name, and javac warns of its use: it is found by reflection.
final class Signals {
    private Signals() {}

    /// @param name without `SIG`
    /// @return false if this JVM hands no signals out (`-Xrs`)
    static boolean handle(String name, Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object proxy = Proxy.newProxyInstance(
                    handler.getClassLoader(), new Class<?>[] {handler}, (self, method, arguments) -> {
                        if (method.getName().equals("handle")) {
                            action.run();
                            return null;
                        }
                        return objectMethod(method.getName(), System.identityHashCode(self), arguments);
                    });
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
            return true;
        } catch (ReflectiveOperationException e) {
            return false;
        }
    }

    /// The JDK keeps handlers in a map: each is equal to itself only.
    private static Object objectMethod(String name, int identity, Object @Nullable [] arguments) {
        return switch (name) {
            case "equals" -> arguments != null && System.identityHashCode(arguments[0]) == identity;
            case "hashCode" -> identity;
            default -> "signal handler " + identity;
        };
    }
}
