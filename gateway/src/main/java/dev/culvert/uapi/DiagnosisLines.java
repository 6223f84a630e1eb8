package dev.culvert.uapi;

import dev.culvert.crypto.PublicKey;
import dev.culvert.device.Cause;
import dev.culvert.device.Diagnosis;
import dev.culvert.device.Diagnosis.Conclusion;
import dev.culvert.device.Incident;
import dev.culvert.device.IpText;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Diagnoses as lines of the configuration protocol, written by the device's side and read by the command's. A
/// diagnosis begins with its `why_key`; what is not there is a dash.
public final class DiagnosisLines {
    /// What all keys begin with.
    public static final String KEYS = "why_";

    private static final String NONE = "-";
    private static final String KEY = "why_key=";
    private static final String NAME = "why_name=";
    private static final String ADDRESS = "why_address=";
    private static final String HANDSHAKE = "why_last_handshake_ns=";
    /// Label and detail.
    private static final String CONCLUSION = "why_conclusion=";
    /// Label, first and last time, count, address, key, detail.
    private static final String INCIDENT = "why_incident=";

    private static final int INCIDENT_FIELDS = 7;

    private DiagnosisLines() {}

    static List<String> of(List<Diagnosis> diagnoses) {
        List<String> lines = new ArrayList<>();
        for (Diagnosis diagnosis : diagnoses) {
            lines.add(KEY + hex(diagnosis.key()));
            lines.add(NAME + diagnosis.name());
            lines.add(ADDRESS + text(diagnosis.address()));
            lines.add(HANDSHAKE + diagnosis.lastHandshakeWallNs());
            for (Conclusion each : diagnosis.conclusions()) {
                lines.add(CONCLUSION + each.cause().label() + ' ' + each.detail());
            }
            for (Incident each : diagnosis.incidents()) {
                lines.add(INCIDENT
                        + String.join(
                                " ",
                                each.cause().label(),
                                Long.toString(each.firstWallNs()),
                                Long.toString(each.lastWallNs()),
                                Long.toString(each.count()),
                                text(each.source()),
                                hex(each.key()),
                                each.detail()));
            }
        }
        return lines;
    }

    private static String hex(@Nullable PublicKey key) {
        return key == null ? NONE : key.toHex();
    }

    private static String text(@Nullable InetSocketAddress address) {
        return address == null ? NONE : IpText.format(address);
    }

    private static final class Draft {
        private final @Nullable PublicKey key;
        private String name = "";
        private @Nullable InetSocketAddress address;
        private long lastHandshakeWallNs;
        private final List<Conclusion> conclusions = new ArrayList<>();
        private final List<Incident> incidents = new ArrayList<>();

        Draft(@Nullable PublicKey key) {
            this.key = key;
        }

        Diagnosis finish() {
            return new Diagnosis(key, name, address, lastHandshakeWallNs, conclusions, incidents);
        }
    }

    /// @param lines that begin with [#KEYS]; later versions' are passed over
    /// @throws IllegalArgumentException if they cannot be read
    public static List<Diagnosis> parse(List<String> lines) {
        List<Draft> drafts = new ArrayList<>();
        for (String line : lines) {
            String value = line.substring(line.indexOf('=') + 1);
            if (line.startsWith(KEY)) {
                drafts.add(new Draft(key(value)));
                continue;
            }
            if (drafts.isEmpty()) {
                throw new IllegalArgumentException("a diagnosis without its beginning");
            }
            Draft draft = drafts.getLast();
            if (line.startsWith(NAME)) {
                draft.name = value;
            } else if (line.startsWith(ADDRESS)) {
                draft.address = address(value);
            } else if (line.startsWith(HANDSHAKE)) {
                draft.lastHandshakeWallNs = Long.parseLong(value);
            } else if (line.startsWith(CONCLUSION)) {
                String[] fields = fields(value, 2);
                draft.conclusions.add(new Conclusion(Cause.of(fields[0]), fields[1]));
            } else if (line.startsWith(INCIDENT)) {
                draft.incidents.add(incident(fields(value, INCIDENT_FIELDS)));
            }
        }
        return drafts.stream().map(Draft::finish).toList();
    }

    private static Incident incident(String[] fields) {
        return new Incident(
                Cause.of(fields[0]),
                Long.parseLong(fields[1]),
                Long.parseLong(fields[2]),
                Long.parseLong(fields[3]),
                address(fields[4]),
                key(fields[5]),
                fields[6]);
    }

    private static String[] fields(String value, int count) {
        String[] fields = value.split(" ", count);
        if (fields.length != count) {
            throw new IllegalArgumentException("fields are missing");
        }
        return fields;
    }

    private static @Nullable PublicKey key(String text) {
        return text.equals(NONE) ? null : PublicKey.fromHex(text);
    }

    private static @Nullable InetSocketAddress address(String text) {
        if (text.equals(NONE)) {
            return null;
        }
        InetSocketAddress address = IpText.parseEndpoint(text);
        if (address == null) {
            throw new IllegalArgumentException("not an address");
        }
        return address;
    }
}
