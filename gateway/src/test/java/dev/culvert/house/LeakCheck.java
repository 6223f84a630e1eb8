package dev.culvert.house;

import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Fails a test class that loses a reference-counted buffer. JUnit loads it for every test class of this module
/// (`META-INF/services`, `junit-platform.properties`).
public final class LeakCheck implements BeforeAllCallback, AfterAllCallback {
    /// The engine that runs the class may have lost something between classes: that is nobody's fault here.
    @Override
    public void beforeAll(ExtensionContext context) {
        RecordingLeakDetector.takeLeaks();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        List<String> leaks = RecordingLeakDetector.takeLeaks();
        if (!leaks.isEmpty()) {
            throw new AssertionError(
                    context.getDisplayName() + " leaked " + leaks.size() + " buffer(s):\n" + String.join("\n", leaks));
        }
    }
}
