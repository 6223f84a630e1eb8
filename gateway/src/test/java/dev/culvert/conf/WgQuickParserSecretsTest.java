package dev.culvert.conf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/// Wherever a key has slipped to, and however it is torn, no error and no warning repeats a part of it.
final class WgQuickParserSecretsTest {
    private static final int PART_LENGTH = 8;
    private static final List<String> PLACES = List.of(
            "PrivateKey = %s",
            "PrivateKey = %s=",
            "PrivateKey: %s",
            "PrivateKey %s",
            "%s",
            "%s = x",
            "[%s]",
            "ListenPort = %s",
            "FwMark = %s",
            "FwMark = 0x%s",
            "Address = %s",
            "Address = 10.0.0.1/24, %s",
            "DNS = %s",
            "MTU = %s",
            "Table = %s",
            "SaveConfig = %s",
            "PostUp = wg set %%i private-key %s # comment",
            "PublicKey = %s",
            "PresharedKey = %s",
            "AllowedIPs = %s",
            "AllowedIPs = 10.0.0.2/32,%s",
            "Endpoint = %s",
            "Endpoint = %s:51820",
            "Endpoint = [%s]:51820",
            "Endpoint = vpn.example.com:%s",
            "PersistentKeepalive = %s");

    @Provide
    Arbitrary<String> places() {
        return Arbitraries.of(PLACES);
    }

    @Property(tries = 3000)
    void noMessageRepeatsAPartOfAKey(
            @ForAll("places") String place,
            @ForAll @Size(32) byte[] key,
            @ForAll @IntRange(min = 0, max = 4) int damage,
            @ForAll boolean inPeer) {
        String secret = Base64.getEncoder().encodeToString(key);
        String written = switch (damage) {
            case 0 -> secret;
            case 1 -> secret.substring(0, 43);
            case 2 -> secret + "A";
            case 3 -> secret.substring(0, 15) + ' ' + secret.substring(15, 29) + ' ' + secret.substring(29);
            default -> secret.substring(0, 14) + ',' + secret.substring(14, 30) + ',' + secret.substring(30);
        };
        String text = (inPeer ? "[Peer]\n" : "[Interface]\n") + place.formatted(written) + "\n";
        String said = said(text).toLowerCase(Locale.ROOT);
        for (int i = 0; i + PART_LENGTH <= secret.length(); i++) {
            String part = secret.substring(i, i + PART_LENGTH).toLowerCase(Locale.ROOT);
            if (part.chars().distinct().count() > 3) { // AAAAAAAA says nothing
                assertThat(said).doesNotContain(part);
            }
        }
    }

    private static String said(String text) {
        try {
            WgQuickFile file = WgQuickParser.parse("wg0.conf", text.getBytes(StandardCharsets.UTF_8));
            // Public values are printed as they are: only what may hold a secret is looked at.
            return file.warnings().toString()
                    + file.device().privateKey()
                    + file.device().hooks();
        } catch (ConfException e) {
            return e + e.problems().toString();
        }
    }
}
