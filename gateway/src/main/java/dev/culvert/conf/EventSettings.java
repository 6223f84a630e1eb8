package dev.culvert.conf;

import dev.culvert.device.EventKind;
import java.net.URI;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Where events go, as [HubSettings] says.
///
/// @param stdout as lines of JSON
/// @param journal to systemd's journal, with fields of their own
/// @param file lines of JSON are appended to it; empty for none
/// @param webhook a URL that takes them by POST; empty for none
/// @param webhookTokenFile what it wants to see as `Authorization: Bearer`; empty for none
/// @param kinds of events that go there
public record EventSettings(
        boolean stdout, boolean journal, String file, String webhook, String webhookTokenFile, Set<EventKind> kinds) {
    public static final EventSettings DEFAULTS =
            new EventSettings(false, false, "", "", "", Set.of(EventKind.values()));

    public EventSettings {
        kinds = Set.copyOf(kinds);
    }

    /// As it stands in the file.
    record Document(
            @Nullable String stdout,
            @Nullable String journal,
            @Nullable String file,
            @Nullable String webhook,
            @Nullable String webhookTokenFile,
            @Nullable List<String> kinds) {}

    /// @throws IllegalArgumentException with a sentence
    static EventSettings of(@Nullable Document given) {
        if (given == null) {
            return DEFAULTS;
        }
        String file = Objects.requireNonNullElse(given.file(), "");
        if (!file.isEmpty() && !file.startsWith("/")) {
            throw new IllegalArgumentException("the file of events must be an absolute path, not " + file);
        }
        String webhook = Objects.requireNonNullElse(given.webhook(), "");
        if (!webhook.isEmpty() && !isHttp(webhook)) {
            throw new IllegalArgumentException("webhook must be a URL as https://host/path, without user and password");
        }
        String tokenFile = Objects.requireNonNullElse(given.webhookTokenFile(), "");
        if (webhook.isEmpty() && !tokenFile.isEmpty()) {
            throw new IllegalArgumentException("webhook-token-file goes with a webhook, and there is none");
        }
        List<String> kinds = given.kinds();
        return new EventSettings(
                HubSettings.isOn("stdout", Objects.requireNonNullElse(given.stdout(), "off")),
                HubSettings.isOn("journal", Objects.requireNonNullElse(given.journal(), "off")),
                file,
                webhook,
                tokenFile,
                kinds == null || kinds.isEmpty()
                        ? DEFAULTS.kinds
                        : Set.copyOf(kinds.stream().map(EventKind::of).toList()));
    }

    private static boolean isHttp(String text) {
        try {
            URI uri = URI.create(text);
            return uri.getHost() != null
                    && uri.getUserInfo() == null
                    && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /// Whether they go anywhere.
    public boolean any() {
        return stdout || journal || !file.isEmpty() || !webhook.isEmpty();
    }
}
