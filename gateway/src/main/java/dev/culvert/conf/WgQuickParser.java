package dev.culvert.conf;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Reads a wg-quick file exactly as wg(8) and wg-quick(8) do together (conformance 2.4, 2.5): comments from the
/// first `#`, white space that does not matter, keys in any case, repeated sections. A bad file is refused
/// whole, with the first [#ERRORS_MAX] of its errors. It neither resolves names nor touches the host.
///
/// Where the tools of different years differ, the newer are followed: a hook keeps its `#`, and a prefix may
/// carry `+` or `-` (tools of 2025).
public final class WgQuickParser {
    public static final int ERRORS_MAX = 20;
    public static final int WARNINGS_MAX = 100;

    /// Longer lines are refused.
    public static final int LINE_BYTES_MAX = 4096;

    /// AllowedIPs alone may be longer: lists of thousands of prefixes on one line are in use.
    public static final int LIST_LINE_BYTES_MAX = 1 << 20;

    /// A million peers are about 200 MB.
    static final int FILE_BYTES_MAX = 512 << 20;

    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};

    private final String source;
    private final boolean quickKeys;
    private final Findings findings;
    private final InterfaceSection device;
    private final PeerList peers;
    private ConfKey.@Nullable Section section;
    private boolean unknownSection;
    /// wg takes `[Inter face]`, wg-quick does not.
    private boolean titleHasBlanks;

    private WgQuickParser(String source, boolean quickKeys) {
        this.source = source;
        this.quickKeys = quickKeys;
        findings = new Findings(source);
        device = new InterfaceSection(findings);
        peers = new PeerList(findings);
    }

    /// Reads and parses `file`; warns if others may read it.
    public static WgQuickFile read(Path file) throws IOException, ConfException {
        byte[] text = readBytes(file);
        try {
            WgQuickParser parser = new WgQuickParser(file.toString(), true);
            FileTrust.warnIfWorldReadable(file, parser.findings);
            return parser.parse(text);
        } finally {
            Arrays.fill(text, (byte) 0); // it held keys
        }
    }

    /// @param source names the file in messages
    public static WgQuickFile parse(String source, byte[] text) throws ConfException {
        return new WgQuickParser(source, true).parse(text);
    }

    /// The `wg` part alone, as `wg setconf` reads it: wg-quick's keys are refused.
    public static WgQuickFile parseStripped(String source, byte[] text) throws ConfException {
        return new WgQuickParser(source, false).parse(text);
    }

    static byte[] readBytes(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] text = in.readNBytes(FILE_BYTES_MAX + 1);
            if (text.length > FILE_BYTES_MAX) {
                throw new IOException(file + " has more than " + (FILE_BYTES_MAX >> 20)
                        + " MB, which no WireGuard configuration has; name the right file");
            }
            return text;
        }
    }

    private WgQuickFile parse(byte[] text) throws ConfException {
        if (startsWithByteOrderMark(text)) {
            findings.error(
                    1, "the file starts with a byte order mark; plain UTF-8 or ASCII without one would be right");
        }
        int start = 0;
        for (int number = 1; start < text.length && !findings.isFull(); number++) {
            int end = start;
            while (end < text.length && text[end] != '\n') {
                end++;
            }
            line(text, start, end, number);
            start = end + 1;
        }
        peers.finishSection();
        WgQuickFile.Interface part = device.finish();
        if (findings.hasErrors()) {
            throw new ConfException(findings.errors());
        }
        return new WgQuickFile(source, part, peers.peers(), findings.warnings());
    }

    private static boolean startsWithByteOrderMark(byte[] text) {
        return text.length >= 3 && Arrays.equals(text, 0, 3, BYTE_ORDER_MARK, 0, 3);
    }

    private void line(byte[] text, int start, int end, int number) {
        int hash = start;
        boolean ascii = true;
        while (hash < end && text[hash] != '#') {
            ascii &= text[hash] >= 0;
            hash++;
        }
        int length = end - start;
        if (length > LIST_LINE_BYTES_MAX || length > LINE_BYTES_MAX && !isAllowedIps(text, start, hash)) {
            findings.error(
                    number,
                    "the line has " + length + " bytes; at most "
                            + (length > LIST_LINE_BYTES_MAX ? LIST_LINE_BYTES_MAX : LINE_BYTES_MAX)
                            + " would be right, and lists may go on in a second line with the same key");
            return;
        }
        if (!ascii && !isUtf8(text, start, hash)) {
            findings.error(number, "the line is not UTF-8; save the file as UTF-8 or plain ASCII");
            return;
        }
        String content = new String(text, start, hash - start, StandardCharsets.UTF_8).strip();
        if (content.isEmpty()) {
            return;
        }
        if (!hasNoControls(content)) {
            findings.error(
                    number,
                    "the line has a control character (a NUL byte, or a carriage return in its middle);"
                            + " delete it");
            return;
        }
        if (content.charAt(0) == '[') {
            title(content, number);
            return;
        }
        entry(content, number, text, start, end);
    }

    private void title(String content, int number) {
        String compact = compact(content);
        peers.finishSection();
        unknownSection = false;
        titleHasBlanks = compact.length() != content.length();
        if (compact.equalsIgnoreCase(ConfKey.Section.INTERFACE.title)) {
            section = ConfKey.Section.INTERFACE;
        } else if (compact.equalsIgnoreCase(ConfKey.Section.PEER.title)) {
            section = ConfKey.Section.PEER;
            peers.startSection(number);
        } else {
            section = null;
            unknownSection = true;
            findings.error(number, "this section is not known; [Interface] or [Peer] alone on the line would be right");
        }
    }

    private void entry(String content, int number, byte[] text, int start, int end) {
        if (unknownSection) {
            return; // said at its title
        }
        int equals = content.indexOf('=');
        String name = (equals < 0 ? content : content.substring(0, equals)).strip();
        ConfKey key = ConfKey.named(name);
        if (key == null && (key = ConfKey.named(compact(name))) != null && key.isQuick()) {
            key = null; // wg-quick does not join `Add ress`
        }
        if (section == null) {
            findings.error(number, "the line stands before any section; [Interface] or [Peer] must come first");
            return;
        }
        if (key == null || key.section != section || key.isQuick() && !quickKeys) {
            findings.error(number, unknownKey(name, key));
            return;
        }
        if (key.isQuick() && titleHasBlanks) {
            findings.error(
                    number,
                    key.text + " is a key of wg-quick, which does not know a section with blanks in its title;"
                            + " [Interface] would be right");
            return;
        }
        if (equals < 0) {
            findings.error(number, "there is no `=` behind " + key.text + "; " + key.text + " = value would be right");
            return;
        }
        String value = content.substring(equals + 1).strip();
        if (key.isHook()) {
            hook(key, number, text, start, end);
            return;
        }
        try {
            if (key.isQuick()) {
                device.quick(key, value, number);
            } else {
                wg(key, value, number);
            }
        } catch (BadValue e) {
            findings.error(number, String.valueOf(e.getMessage()));
        }
    }

    private void wg(ConfKey key, String value, int number) throws BadValue {
        String compact = compact(value);
        if (compact.isEmpty()) {
            throw new BadValue(key.text + " has no value; " + advice(key));
        }
        if (key.section == ConfKey.Section.INTERFACE) {
            device.wg(key, compact, number);
        } else {
            peers.entry(key, compact, number);
        }
    }

    private void hook(ConfKey key, int number, byte[] text, int start, int end) {
        boolean utf8 = isUtf8(text, start, end);
        String line = new String(text, start, end - start, StandardCharsets.UTF_8).strip();
        if (!utf8 || !hasNoControls(line)) {
            findings.error(
                    number,
                    key.text + (utf8 ? " has a control character" : " is not UTF-8")
                            + ", and it would be run as a command; one line of plain text would be right");
            return;
        }
        String command = line.substring(line.indexOf('=') + 1).strip();
        if (command.indexOf('#') >= 0) {
            findings.warning(
                    number,
                    key.text + " has a `#`: Culvert and wg-quick since 2025 run the whole line,"
                            + " older ones cut it there");
        }
        device.hook(key, command);
    }

    /// Names the key only if it is nearly a known one: what stands before the `=` may be a secret in the wrong
    /// place.
    private String unknownKey(String name, @Nullable ConfKey key) {
        String title = section == null ? "" : section.title;
        if (key != null && key.section != section) {
            return key.text + " is not a key of " + title + "; it belongs to " + key.section.title;
        }
        if (key != null) {
            return key.text + " is a key of wg-quick, not of wg; `culvert up` takes it, `wg setconf` does not";
        }
        ConfKey nearest = ConfKey.nearest(compact(name));
        if (nearest != null && (quickKeys || !nearest.isQuick())) {
            return '`' + name + "` is not a key of " + title + "; did you mean " + nearest.text + "?";
        }
        StringBuilder known = new StringBuilder();
        for (ConfKey each : ConfKey.values()) {
            if (each.section == section && (quickKeys || !each.isQuick())) {
                known.append(known.isEmpty() ? "" : ", ").append(each.text);
            }
        }
        return "the line does not start with a key of " + title + " and `=`; its keys are " + known;
    }

    private static String advice(ConfKey key) {
        return switch (key) {
            case PRIVATE_KEY -> "put the key behind the `=` that `culvert genkey` prints";
            case PUBLIC_KEY -> "put the peer's public key behind the `=` (`culvert pubkey` prints it)";
            case PRESHARED_KEY -> "put the key behind the `=` that `culvert genpsk` prints, or delete the line";
            default -> "put one behind the `=`, or delete the line";
        };
    }

    private static boolean isAllowedIps(byte[] text, int start, int end) {
        int shown = Math.min(end - start, 64);
        String head = new String(text, start, shown, StandardCharsets.ISO_8859_1);
        return compact(head).toLowerCase(Locale.ROOT).startsWith("allowedips=");
    }

    private static boolean isUtf8(byte[] text, int start, int end) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text, start, end - start));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    private static boolean hasNoControls(String content) {
        for (int i = 0; i < content.length(); i++) {
            char c = content.charAt(i);
            if (c < ' ' && c != '\t' || c == 0x7f) {
                return false;
            }
        }
        return true;
    }

    /// Without any white space, as wg(8) reads.
    static String compact(String text) {
        int i = 0;
        while (i < text.length() && text.charAt(i) != ' ' && text.charAt(i) != '\t') {
            i++;
        }
        if (i == text.length()) {
            return text;
        }
        StringBuilder compact = new StringBuilder(text.length()).append(text, 0, i);
        for (; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != ' ' && c != '\t') {
                compact.append(c);
            }
        }
        return compact.toString();
    }

    /// Splits at commas and blanks, as wg-quick(8) does.
    static List<String> words(String value) {
        List<String> words = new ArrayList<>();
        int start = -1;
        for (int i = 0; i <= value.length(); i++) {
            char c = i < value.length() ? value.charAt(i) : ' ';
            boolean separator = c == ' ' || c == '\t' || c == ',';
            if (!separator && start < 0) {
                start = i;
            } else if (separator && start >= 0) {
                words.add(value.substring(start, i));
                start = -1;
            }
        }
        return words;
    }
}
