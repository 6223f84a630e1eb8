package dev.culvert.cli;

import ch.qos.logback.classic.Level;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sets how much is logged, from `LOG_LEVEL` as wireguard-go reads it: `verbose` or `debug`, `error`, `silent`.
/// Commands that only print never load the logging library.
final class Logging {
    private Logging() {}

    /// @param level when `LOG_LEVEL` does not say
    static Logger start(Host host, Level level) {
        Level chosen = switch (host.variable("LOG_LEVEL", "")) {
            case "trace" -> Level.TRACE;
            case "verbose", "debug" -> Level.DEBUG;
            case "info" -> Level.INFO;
            case "error" -> Level.ERROR;
            case "silent" -> Level.OFF;
            default -> level;
        };
        set(Logger.ROOT_LOGGER_NAME, chosen);
        Level ofOthers = chosen.isGreaterOrEqual(Level.WARN) ? chosen : Level.WARN;
        for (String other : List.of("io.netty", "io.vertx", "io.micrometer", "io.prometheus")) {
            set(other, ofOthers); // their own debugging is not ours
        }
        return LoggerFactory.getLogger("culvert");
    }

    private static void set(String name, Level level) {
        if (LoggerFactory.getLogger(name) instanceof ch.qos.logback.classic.Logger logger) {
            logger.setLevel(level);
        }
    }
}
