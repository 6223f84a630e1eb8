package dev.culvert.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IVersionProvider;

/// `culvert --version`: the jar's version, or `development` outside of a jar.
final class VersionText implements IVersionProvider {
    @Override
    public String[] getVersion() {
        @Nullable String version = VersionText.class.getPackage().getImplementationVersion();
        return new String[] {"culvert " + (version == null ? "development" : version)};
    }
}
