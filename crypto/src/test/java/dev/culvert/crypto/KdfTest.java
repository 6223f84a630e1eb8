package dev.culvert.crypto;

import static dev.culvert.crypto.Vectors.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class KdfTest {
    private static final JsonNode KDF = Vectors.load("hash-kdf.json").get("kdf");

    @Test
    void derivesAsTheVectorsSay() {
        assertThat(KDF.size()).isEqualTo(11);
        for (JsonNode vector : KDF) {
            for (int count = 1; count <= 3; count++) {
                byte[][] outputs = new byte[count][32];
                Kdf.kdf(bytes(vector, "key"), bytes(vector, "input"), outputs);
                for (int i = 0; i < count; i++) {
                    assertThat(outputs[i]).isEqualTo(bytes(vector, "t" + (i + 1)));
                }
            }
        }
    }

    @Test
    void mayOverwriteTheKeyInAnyPlace() {
        for (JsonNode vector : KDF) {
            byte[] key = bytes(vector, "key");
            if (key.length != 32) {
                continue;
            }
            for (int place = 0; place < 3; place++) {
                byte[] chainingKey = key.clone();
                byte[][] outputs = new byte[3][32];
                outputs[place] = chainingKey;
                Kdf.kdf(chainingKey, bytes(vector, "input"), outputs);
                for (int i = 0; i < 3; i++) {
                    assertThat(outputs[i]).isEqualTo(bytes(vector, "t" + (i + 1)));
                }
            }
        }
    }

    @Test
    void leavesKeyAndInputAlone() {
        byte[] key = new byte[32];
        byte[] input = new byte[40];
        Arrays.fill(key, (byte) 3);
        Arrays.fill(input, (byte) 4);
        Kdf.kdf(key, input, new byte[32], new byte[32]);
        assertThat(key).containsOnly(3);
        assertThat(input).containsOnly(4);
    }

    @Test
    void refusesNoOutputAndMoreThanThree() {
        assertThatThrownBy(() -> Kdf.kdf(new byte[32], new byte[0])).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Kdf.kdf(new byte[32], new byte[0], new byte[4][32]))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
