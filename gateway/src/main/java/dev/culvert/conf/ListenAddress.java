package dev.culvert.conf;

import org.jspecify.annotations.Nullable;

/// Where the admin server listens.
///
/// @param byDefault nobody asked for this address: if it is taken, the gateway goes on without
public record ListenAddress(String host, int port, boolean byDefault) {
    /// MindFlavor's and mdlayher's port.
    public static final ListenAddress DEFAULT = new ListenAddress("127.0.0.1", 9586, true);

    private static final int PORT_MAX = 65_535;

    /// @param text `HOST:PORT`, `[ADDRESS]:PORT`, or `off`
    /// @return null for off
    /// @throws IllegalArgumentException with a sentence
    public static @Nullable ListenAddress parse(String text, boolean byDefault) {
        if (text.equals("off") || text.equals("false")) {
            return null;
        }
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? "" : text.substring(0, colon);
        String port = text.substring(colon + 1);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        } else if (host.indexOf(':') >= 0) {
            host = "";
        }
        if (host.isEmpty() || !port.matches("[0-9]{1,5}") || Integer.parseInt(port) > PORT_MAX) {
            throw new IllegalArgumentException(
                    "the admin server listens on HOST:PORT, [ADDRESS]:PORT or off, not on " + text);
        }
        return new ListenAddress(host, Integer.parseInt(port), byDefault);
    }

    /// Whether only this machine can reach it.
    public boolean isLoopback() {
        return host.equals("localhost") || host.equals("::1") || host.startsWith("127.");
    }
}
