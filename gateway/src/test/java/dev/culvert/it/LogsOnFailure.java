package dev.culvert.it;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/// Adds the ends of the daemons' logs to the report of a failed test.
final class LogsOnFailure implements TestExecutionExceptionHandler {
    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        failure.addSuppressed(new AssertionError("the daemons' last words:\n" + Network.logTails()));
        throw failure;
    }
}
