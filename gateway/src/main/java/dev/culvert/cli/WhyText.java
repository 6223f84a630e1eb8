package dev.culvert.cli;

import dev.culvert.crypto.PublicKey;
import dev.culvert.device.Cause;
import dev.culvert.device.Diagnosis;
import dev.culvert.device.Incident;
import dev.culvert.device.IpText;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;

/// What `culvert why` prints for people.
final class WhyText {
    private static final int DAY_S = 86_400;

    private final Instant now;
    private final String reset;
    private final String bold;
    private final String yellow;

    WhyText(boolean colours, Instant now) {
        this.now = now;
        reset = colours ? "\u001b[0m" : "";
        bold = colours ? "\u001b[1m" : "";
        yellow = colours ? "\u001b[33m" : "";
    }

    String of(String interfaceName, List<Diagnosis> diagnoses) {
        StringBuilder text = new StringBuilder();
        diagnoses.forEach(diagnosis -> of(text, interfaceName, diagnosis));
        return text.toString();
    }

    private void of(StringBuilder text, String interfaceName, Diagnosis diagnosis) {
        PublicKey key = diagnosis.key();
        text.append(yellow).append(bold).append(interfaceName).append(": ");
        InetSocketAddress address = diagnosis.address();
        if (key != null) {
            text.append("peer ").append(key.toBase64());
            text.append(diagnosis.name().isEmpty() ? "" : " (" + diagnosis.name() + ')');
        } else if (address != null) {
            text.append("address ").append(address.getAddress().getHostAddress());
        }
        text.append(reset).append('\n');
        if (key != null && address != null) {
            text.append("  endpoint: ").append(IpText.format(address)).append('\n');
        }
        for (Diagnosis.Conclusion each : diagnosis.conclusions()) {
            cause(text, "  ", each.cause(), each.detail());
        }
        if (!diagnosis.incidents().isEmpty()) {
            text.append("  noted, the latest first:\n");
        }
        for (Incident each : diagnosis.incidents()) {
            text.append("  - ").append(ago(each.lastWallNs()));
            text.append(each.count() == 1 ? "" : ", " + each.count() + " times since " + ago(each.firstWallNs()));
            InetSocketAddress source = each.source();
            text.append(source == null ? "" : ", " + IpText.format(source));
            PublicKey claimed = each.key();
            text.append(claimed == null || Objects.equals(claimed, key) ? "" : ", key " + claimed.toBase64());
            text.append(diagnosis.isOver(each) ? " (it has connected since)" : "")
                    .append('\n');
            cause(text, "    ", each.cause(), each.detail());
        }
    }

    private void cause(StringBuilder text, String indent, Cause cause, String detail) {
        text.append(indent).append(bold).append(cause.text()).append(reset);
        text.append(detail.isEmpty() ? "" : " (" + detail + ')').append('\n');
        text.append(indent).append("to do: ").append(cause.advice()).append('\n');
    }

    private String ago(long wallNs) {
        long seconds = Math.max(
                0, Duration.between(Instant.EPOCH.plusNanos(wallNs), now).toSeconds());
        if (seconds < 60) {
            return seconds + " s ago";
        }
        if (seconds < DAY_S) {
            return seconds / 3600 == 0 ? seconds / 60 + " min ago" : seconds / 3600 + " h ago";
        }
        return seconds / DAY_S + " days ago";
    }
}
