package dev.culvert.conf;

import dev.culvert.crypto.PublicKey;
import dev.culvert.device.PeerLabel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Names and tags of peers from the comments of their sections: `# friendly_name=NAME` (as MindFlavor's exporter
/// reads
/// it) or else the section's first comment, and `# tags=ONE, TWO`. WireGuard itself has no place for them.
public final class PeerLabels {
    private static final int NAME_CHARS_MAX = 64;
    private static final String NAME = "friendly_name";
    private static final String TAGS = "tags";
    private static final String KEY = "publickey";

    private PeerLabels() {}

    private static final class Section {
        @Nullable
        PublicKey key;

        String name = "";
        String firstComment = "";
        List<String> tags = List.of();

        void endsIn(Map<PublicKey, PeerLabel> all) {
            String text = name.isEmpty() ? firstComment : name;
            if (key != null && !(text.isEmpty() && tags.isEmpty())) {
                all.put(key, new PeerLabel(text, tags));
            }
        }
    }

    /// @param text of a wg-quick file that was accepted; what is wrong in it is passed over
    public static Map<PublicKey, PeerLabel> of(String text) {
        Map<PublicKey, PeerLabel> all = new HashMap<>();
        Section section = null;
        for (String raw : text.lines().toList()) {
            String line = raw.strip();
            if (line.startsWith("[")) {
                if (section != null) {
                    section.endsIn(all);
                }
                section = line.toLowerCase(Locale.ROOT).startsWith("[peer]") ? new Section() : null;
            } else if (section != null && line.startsWith("#")) {
                comment(section, line.substring(1).strip());
            } else if (section != null) {
                key(section, line);
            }
        }
        if (section != null) {
            section.endsIn(all);
        }
        return all;
    }

    private static void comment(Section section, String text) {
        int equals = text.indexOf('=');
        String key = equals < 0 ? "" : text.substring(0, equals).strip().toLowerCase(Locale.ROOT);
        String value = text.substring(equals + 1).strip();
        if (key.equals(NAME)) {
            section.name = shortened(value);
        } else if (key.equals(TAGS)) {
            List<String> tags = new ArrayList<>();
            for (String tag : value.split(",", -1)) {
                if (!tag.isBlank() && !tags.contains(tag.strip())) {
                    tags.add(shortened(tag.strip()));
                }
            }
            section.tags = tags;
        } else if (section.firstComment.isEmpty() && section.key == null) {
            section.firstComment = shortened(text);
        }
    }

    private static void key(Section section, String line) {
        String code = line.split("#", -1)[0];
        int equals = code.indexOf('=');
        if (equals > 0
                && code.substring(0, equals).strip().toLowerCase(Locale.ROOT).equals(KEY)) {
            try {
                section.key = PublicKey.fromBase64(code.substring(equals + 1).strip());
            } catch (IllegalArgumentException e) {
                section.key = null; // the parser has said it
            }
        }
    }

    private static String shortened(String text) {
        StringBuilder printable = new StringBuilder();
        text.codePoints()
                .filter(each -> !Character.isISOControl(each))
                .limit(NAME_CHARS_MAX)
                .forEach(printable::appendCodePoint);
        return printable.toString();
    }
}
