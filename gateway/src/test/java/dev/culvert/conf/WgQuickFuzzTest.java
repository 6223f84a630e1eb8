package dev.culvert.conf;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;

/// Any bytes as a wg-quick file or as settings: accepted, or refused with sentences. What is accepted means the
/// same after `strip`.
final class WgQuickFuzzTest {
    @FuzzTest(maxDuration = "60s")
    void acceptsOrRefusesWithASentence(byte[] data) {
        WgQuickFile file;
        try {
            file = WgQuickParser.parse("fuzz.conf", data);
        } catch (ConfException e) {
            assertThat(e.problems())
                    .isNotEmpty()
                    .allSatisfy(problem -> assertThat(problem.text()).isNotBlank());
            return;
        }
        assertThat(file.peers()).doesNotContainNull();
        String stripped = ConfText.stripped(new String(data, StandardCharsets.UTF_8));
        try {
            WgQuickFile again = WgQuickParser.parseStripped("fuzz.conf", stripped.getBytes(StandardCharsets.UTF_8));
            assertThat(again.peers()).isEqualTo(file.peers());
            assertThat(again.device().listenPort()).isEqualTo(file.device().listenPort());
            assertThat(again.device().fwmark()).isEqualTo(file.device().fwmark());
        } catch (ConfException e) {
            throw new AssertionError("an accepted file is refused when it is stripped", e);
        }
    }

    @FuzzTest(maxDuration = "60s")
    void readsSettingsOrRefusesThemWithASentence(byte[] data) {
        try {
            assertThat(HubSettings.parse("fuzz.yaml", new String(data, StandardCharsets.UTF_8)))
                    .isNotNull();
        } catch (ConfException e) {
            assertThat(e.problems()).isNotEmpty();
        }
    }
}
