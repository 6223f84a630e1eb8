package dev.culvert.conf;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Every key that a file may hold: wg(8)'s and, in `[Interface]`, wg-quick(8)'s own.
enum ConfKey {
    PRIVATE_KEY("PrivateKey", Section.INTERFACE, Reader.WG, false),
    LISTEN_PORT("ListenPort", Section.INTERFACE, Reader.WG, false),
    FW_MARK("FwMark", Section.INTERFACE, Reader.WG, false),
    ADDRESS("Address", Section.INTERFACE, Reader.WG_QUICK, true),
    DNS("DNS", Section.INTERFACE, Reader.WG_QUICK, true),
    MTU("MTU", Section.INTERFACE, Reader.WG_QUICK, false),
    TABLE("Table", Section.INTERFACE, Reader.WG_QUICK, false),
    SAVE_CONFIG("SaveConfig", Section.INTERFACE, Reader.WG_QUICK, false),
    PRE_UP("PreUp", Section.INTERFACE, Reader.WG_QUICK, true),
    POST_UP("PostUp", Section.INTERFACE, Reader.WG_QUICK, true),
    PRE_DOWN("PreDown", Section.INTERFACE, Reader.WG_QUICK, true),
    POST_DOWN("PostDown", Section.INTERFACE, Reader.WG_QUICK, true),
    PUBLIC_KEY("PublicKey", Section.PEER, Reader.WG, false),
    PRESHARED_KEY("PresharedKey", Section.PEER, Reader.WG, false),
    ENDPOINT("Endpoint", Section.PEER, Reader.WG, false),
    ALLOWED_IPS("AllowedIPs", Section.PEER, Reader.WG, true),
    PERSISTENT_KEEPALIVE("PersistentKeepalive", Section.PEER, Reader.WG, false);

    enum Section {
        INTERFACE("[Interface]"),
        PEER("[Peer]");

        final String title;

        Section(String title) {
            this.title = title;
        }
    }

    /// Whose key it is. wg(8) removes white space inside a key, wg-quick(8) does not.
    enum Reader {
        WG,
        WG_QUICK
    }

    private static final int MISTAKES_MAX = 2;
    private static final Map<String, ConfKey> BY_NAME = new HashMap<>();

    static {
        for (ConfKey key : values()) {
            BY_NAME.put(key.text.toLowerCase(Locale.ROOT), key);
        }
    }

    final String text;
    final Section section;
    final Reader reader;
    final boolean repeatable;

    ConfKey(String text, Section section, Reader reader, boolean repeatable) {
        this.text = text;
        this.section = section;
        this.reader = reader;
        this.repeatable = repeatable;
    }

    boolean isHook() {
        return this == PRE_UP || this == POST_UP || this == PRE_DOWN || this == POST_DOWN;
    }

    boolean isQuick() {
        return reader == Reader.WG_QUICK;
    }

    /// Upper and lower case are one.
    static @Nullable ConfKey named(String name) {
        return BY_NAME.get(name.toLowerCase(Locale.ROOT));
    }

    /// The key that was probably meant, or null.
    static @Nullable ConfKey nearest(String name) {
        ConfKey nearest = null;
        int fewest = MISTAKES_MAX + 1;
        for (ConfKey key : values()) {
            int limit = Math.min(MISTAKES_MAX, key.text.length() / 3);
            if (Math.abs(name.length() - key.text.length()) > limit) {
                continue;
            }
            int mistakes = NearMiss.distance(name, key.text);
            if (mistakes <= limit && mistakes < fewest) {
                nearest = key;
                fewest = mistakes;
            }
        }
        return nearest;
    }
}
