package dev.culvert.uapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.crypto.PublicKey;
import dev.culvert.device.Cause;
import dev.culvert.device.Diagnosis;
import dev.culvert.device.Diagnosis.Conclusion;
import dev.culvert.device.Incident;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What one side writes, the other reads.
final class DiagnosisLinesTest {
    private static final PublicKey KEY = PublicKey.fromHex("01".repeat(32));
    private static final InetSocketAddress ADDRESS = new InetSocketAddress("2001:db8::1", 51820);

    @Test
    void whatIsWrittenIsReadAgain() {
        List<Diagnosis> all = List.of(
                new Diagnosis(
                        KEY,
                        "Büro = Nord",
                        ADDRESS,
                        1_700_000_000_123_456_789L,
                        List.of(new Conclusion(Cause.NO_SESSION, "the last handshake was 300 s ago")),
                        List.of(
                                new Incident(Cause.CLOCK_BEHIND, 1, 2, 3, ADDRESS, KEY, "60 s behind"),
                                new Incident(Cause.NO_ANSWER, 4, 5, 6, null, null, ""))),
                new Diagnosis(null, "", new InetSocketAddress("192.0.2.1", 0), 0, List.of(), List.of()));
        List<String> lines = DiagnosisLines.of(all);
        assertThat(lines).allMatch(line -> line.startsWith(DiagnosisLines.KEYS) && !line.contains("\n"));
        assertThat(DiagnosisLines.parse(lines)).isEqualTo(all);
    }

    @Test
    void whatLaterVersionsSayIsPassedOverAndNonsenseRefused() {
        assertThat(DiagnosisLines.parse(List.of("why_key=-", "why_mood=fine"))).hasSize(1);
        for (String bad : List.of(
                "why_name=x",
                "why_key=12",
                "why_key=-|why_conclusion=no_such x",
                "why_key=-|why_incident=no_answer 1")) {
            assertThatThrownBy(() -> DiagnosisLines.parse(List.of(bad.split("\\|", -1))))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
