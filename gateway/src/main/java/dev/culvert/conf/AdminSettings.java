package dev.culvert.conf;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The admin server's part of [HubSettings].
///
/// @param listen `HOST:PORT` or `off`; empty if the file does not say
/// @param tlsCertificate a PEM file; empty for none
/// @param tlsKey its key; empty for none
/// @param tokenFile empty for none
/// @param peersMax peers with series of their own
/// @param mindflavor whether series have the other exporter's names as well
public record AdminSettings(
        String listen, String tlsCertificate, String tlsKey, String tokenFile, int peersMax, boolean mindflavor) {
    public static final AdminSettings DEFAULTS = new AdminSettings("", "", "", "", Integer.MAX_VALUE, false);

    /// As it stands in the file.
    record Document(
            @Nullable String listen,
            @Nullable String tlsCertificate,
            @Nullable String tlsKey,
            @Nullable String tokenFile,
            @JsonProperty("peers") @Nullable String peers,
            @Nullable String compat) {}

    /// @throws IllegalArgumentException with a sentence
    static AdminSettings of(@Nullable Document given) {
        if (given == null) {
            return DEFAULTS;
        }
        String listen = Objects.requireNonNullElse(given.listen(), "");
        if (!listen.isEmpty()) {
            ListenAddress unused = ListenAddress.parse(listen, false);
            assert unused == null || !unused.byDefault();
        }
        String compat = Objects.requireNonNullElse(given.compat(), "");
        if (!compat.isEmpty() && !compat.equals("mindflavor")) {
            throw new IllegalArgumentException("compat must be mindflavor, not " + compat);
        }
        return new AdminSettings(
                listen,
                Objects.requireNonNullElse(given.tlsCertificate(), ""),
                Objects.requireNonNullElse(given.tlsKey(), ""),
                Objects.requireNonNullElse(given.tokenFile(), ""),
                peersMax(Objects.requireNonNullElse(given.peers(), "all")),
                !compat.isEmpty());
    }

    private static int peersMax(String text) {
        if (text.equals("all") || text.equals("true")) {
            return Integer.MAX_VALUE;
        }
        if (text.equals("off") || text.equals("false")) {
            return 0;
        }
        if (!text.matches("[0-9]{1,7}")) {
            throw new IllegalArgumentException("peers must be all, off or the number of the busiest, not " + text);
        }
        return Integer.parseInt(text);
    }
}
