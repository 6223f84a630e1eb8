package dev.culvert.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.Function;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/// The texts of all three kinds of key: what is a key, what is not, and that no message says more than that.
class KeyTextTest {
    private static final String BASE64 = "YAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=";
    private static final String HEX = "6009f3e5317e9575c9b5ed78b638b7ce530dabe85ddab614220241801ddf0669";
    private static final String ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    private static final String SENTENCES = "a key is 44 characters of base64 that end in '=', this text has \\d+"
            + "|a key is 44 characters of base64, this text has others"
            + "|the last character of the key has bits that no key has"
            + "|a key is 64 hexadecimal digits, this text has (\\d+|others)";

    private static final List<Function<String, Object>> BASE64_READERS =
            List.of(PrivateKey::fromBase64, PublicKey::fromBase64, PresharedKey::fromBase64);
    private static final List<Function<String, Object>> HEX_READERS =
            List.of(PrivateKey::fromHex, PublicKey::fromHex, PresharedKey::fromHex);

    @Test
    void readsAndWritesBothTexts() {
        assertThat(PublicKey.fromBase64(BASE64).toHex()).isEqualTo(HEX);
        assertThat(PublicKey.fromHex(HEX).toBase64()).isEqualTo(BASE64);
        byte[] text = new byte[66];
        PublicKey.fromHex(HEX).writeHex(text, 1);
        assertThat(new String(text, StandardCharsets.ISO_8859_1)).isEqualTo('\0' + HEX + '\0');
        assertThat(PrivateKey.fromBase64(BASE64).toHex()).isEqualTo("60" + HEX.substring(2));
        assertThat(PrivateKey.fromHex(HEX).toBase64()).isEqualTo(BASE64);
        assertThat(PresharedKey.fromBase64(BASE64).toHex()).isEqualTo(HEX);
        assertThat(PresharedKey.fromHex(HEX).toBase64()).isEqualTo(BASE64);
        assertThat(PublicKey.fromHex(HEX.toUpperCase(Locale.ROOT))).isEqualTo(PublicKey.fromHex(HEX));
    }

    @Property
    void everyKeySurvivesBothTexts(@ForAll @Size(32) byte[] bytes) {
        assertThat(KeyText.fromBase64(KeyText.toBase64(bytes))).isEqualTo(bytes);
        assertThat(KeyText.fromHex(KeyText.toHex(bytes))).isEqualTo(bytes);
        assertThat(KeyText.toBase64(bytes)).hasSize(44).endsWith("=");
        assertThat(KeyText.toHex(bytes)).hasSize(64);
    }

    /// 32 bytes leave two unused bits in the last character: of 64 characters, 16 are right there.
    @Test
    void theLastCharacterHasNoUnusedBitsSet() {
        int accepted = 0;
        for (int i = 0; i < 64; i++) {
            String text = BASE64.substring(0, 42) + ALPHABET.charAt(i) + "=";
            if (i % 4 == 0) {
                assertThat(KeyText.toBase64(KeyText.fromBase64(text))).isEqualTo(text);
                accepted++;
            } else {
                assertRefused(BASE64_READERS, text);
            }
        }
        assertThat(accepted).isEqualTo(16);
    }

    @Test
    void refusesWhatIsNotTheBase64OfAKey() {
        List<String> wrong = new ArrayList<>(List.of(
                "",
                "=",
                BASE64.substring(0, 43),
                BASE64.substring(1),
                BASE64 + "=",
                BASE64 + "\n",
                " " + BASE64,
                " " + BASE64.substring(1),
                BASE64.substring(0, 43) + " ",
                BASE64.substring(0, 42) + "==",
                BASE64.substring(0, 43) + "A",
                "=" + BASE64.substring(0, 42) + "=",
                BASE64.substring(0, 20) + "=" + BASE64.substring(21),
                BASE64.replace('+', '-'),
                BASE64.replace('+', '_'),
                BASE64.replace('Y', 'é'),
                BASE64.replace('Y', '\0'),
                BASE64.replace('Y', '\n'),
                HEX,
                Base64.getEncoder().encodeToString(new byte[31]),
                Base64.getEncoder().encodeToString(new byte[33])));
        for (int i = 0; i < 43; i++) {
            wrong.add(BASE64.substring(0, i) + "!" + BASE64.substring(i + 1));
        }
        for (String text : wrong) {
            assertRefused(BASE64_READERS, text);
        }
    }

    @Test
    void refusesWhatIsNotTheHexOfAKey() {
        List<String> wrong = new ArrayList<>(List.of(
                "",
                HEX.substring(1),
                HEX.substring(2),
                HEX + "0",
                HEX + "00",
                "0x" + HEX.substring(2),
                " " + HEX.substring(1),
                HEX.substring(1) + "\n",
                "-" + HEX.substring(1),
                HEX.replace('6', '６'),
                BASE64));
        for (int i = 0; i < 64; i++) {
            wrong.add(HEX.substring(0, i) + "g" + HEX.substring(i + 1));
        }
        for (String text : wrong) {
            assertRefused(HEX_READERS, text);
        }
    }

    @Property
    void noMessageQuotesAnyText(@ForAll String text) {
        assertQuietly(BASE64_READERS, text);
        assertQuietly(HEX_READERS, text);
    }

    @Test
    void noMessageQuotesATextThatIsNearlyAKey() {
        long seed = new Random().nextLong();
        System.out.println("KeyTextTest seed " + seed);
        Random random = new Random(seed);
        for (int i = 0; i < 300; i++) {
            StringBuilder text = new StringBuilder(random.nextBoolean() ? BASE64 : HEX);
            text.setCharAt(random.nextInt(text.length()), (char) (0x20 + random.nextInt(0x60)));
            assertQuietly(BASE64_READERS, text.toString());
            assertQuietly(HEX_READERS, text.toString());
        }
    }

    private static void assertRefused(List<Function<String, Object>> readers, String text) {
        for (Function<String, Object> reader : readers) {
            assertThat(catchThrowable(() -> reader.apply(text))).isInstanceOf(IllegalArgumentException.class);
        }
        assertQuietly(readers, text);
    }

    private static void assertQuietly(List<Function<String, Object>> readers, String text) {
        for (Function<String, Object> reader : readers) {
            Throwable refusal = catchThrowable(() -> reader.apply(text));
            if (refusal == null) {
                continue;
            }
            assertThat(refusal).isInstanceOf(IllegalArgumentException.class).hasNoCause();
            // Nothing of the text but its length: these are all the sentences there are.
            assertThat(refusal.getMessage()).matches(SENTENCES);
        }
    }
}
