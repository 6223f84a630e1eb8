package dev.culvert.events;

import dev.culvert.device.EventKind;
import java.net.URI;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What is done with events.
///
/// @param stdout takes lines of JSON; null for none
/// @param journal takes messages in the journal's native format; null for none
/// @param file null for none
/// @param webhook null for none
/// @param webhookTokenFile null for none
/// @param kinds that go there
public record EventOptions(
        @Nullable LineWriter stdout,
        @Nullable LineWriter journal,
        @Nullable Path file,
        @Nullable URI webhook,
        @Nullable Path webhookTokenFile,
        Set<EventKind> kinds) {}
