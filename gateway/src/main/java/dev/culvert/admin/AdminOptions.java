package dev.culvert.admin;

import dev.culvert.metrics.PeerSeries;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// How to serve.
///
/// @param host an address or a name
/// @param port 0 for any that is free
/// @param certificate a PEM file; with it TLS is spoken, and `key` must be there
/// @param tokenFile holds what must stand behind `Authorization: Bearer`; nobody else may read it
public record AdminOptions(
        String host,
        int port,
        @Nullable Path certificate,
        @Nullable Path key,
        @Nullable Path tokenFile,
        PeerSeries.Options peers) {}
