package dev.culvert.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class KeysTest {
    private static final RandomSource ONES = target -> Arrays.fill(target, (byte) 0xff);

    @Property
    void privateKeysAreClamped(@ForAll @Size(32) byte[] bytes) {
        byte[] before = bytes.clone();
        byte[] clamped = PrivateKey.fromBytes(bytes).bytes();
        assertThat(bytes).isEqualTo(before);
        assertThat(clamped[0] & 7).isZero();
        assertThat(clamped[31] & 0xc0).isEqualTo(0x40);
        assertThat(clamped[0] & 0xf8).isEqualTo(before[0] & 0xf8);
        assertThat(clamped[31] & 0x3f).isEqualTo(before[31] & 0x3f);
        assertThat(Arrays.copyOfRange(clamped, 1, 31)).isEqualTo(Arrays.copyOfRange(before, 1, 31));
    }

    @Test
    void generatedPrivateKeysAreClampedAndPresharedKeysAreNot() {
        assertThat(PrivateKey.generate(ONES).toHex()).isEqualTo("f8" + "ff".repeat(30) + "7f");
        assertThat(PresharedKey.generate(ONES).toHex()).isEqualTo("ff".repeat(32));
    }

    @Test
    void secretsAreNotInTheirStrings() {
        PrivateKey privateKey = PrivateKey.generate(ONES);
        PresharedKey presharedKey = PresharedKey.generate(ONES);
        assertThat(privateKey).hasToString("PrivateKey(hidden)");
        assertThat(presharedKey).hasToString("PresharedKey(hidden)");
        assertThat(PresharedKey.NONE).hasToString("PresharedKey(none)");
        assertThat(privateKey.publicKey()).hasToString(privateKey.publicKey().toBase64());
    }

    @Test
    void closingZeroesTheKeyAndNotItsCopy() {
        PrivateKey privateKey = PrivateKey.generate(ONES);
        PrivateKey copy = privateKey.copy();
        privateKey.close();
        assertThat(privateKey.bytes()).containsOnly(0);
        assertThat(copy.toHex()).isEqualTo("f8" + "ff".repeat(30) + "7f");
        PresharedKey presharedKey = PresharedKey.generate(ONES);
        presharedKey.close();
        assertThat(presharedKey.toBytes()).containsOnly(0);
    }

    @Test
    void noPresharedKeyIsThirtyTwoZeros() {
        PresharedKey zeros = PresharedKey.fromHex("00".repeat(32));
        assertThat(zeros.isNone()).isTrue();
        assertThat(zeros).isEqualTo(PresharedKey.NONE);
        assertThat(PresharedKey.fromBytes(new byte[32]).isNone()).isTrue();
        byte[] one = new byte[32];
        one[31] = 1;
        assertThat(PresharedKey.fromBytes(one).isNone()).isFalse();
        PresharedKey.NONE.close();
        assertThat(PresharedKey.NONE.toBytes()).hasSize(32).containsOnly(0);
    }

    @Test
    void handsOutCopies() {
        PresharedKey presharedKey = PresharedKey.generate(ONES);
        Arrays.fill(presharedKey.toBytes(), (byte) 0);
        assertThat(presharedKey.toHex()).isEqualTo("ff".repeat(32));
        PublicKey publicKey = PublicKey.fromHex("ab".repeat(32));
        Arrays.fill(publicKey.toBytes(), (byte) 0);
        assertThat(publicKey.toHex()).isEqualTo("ab".repeat(32));
    }

    @Test
    void equalityLooksAtEachBit() {
        byte[] bytes = new byte[32];
        Arrays.fill(bytes, (byte) 0x42);
        PublicKey publicKey = PublicKey.fromBytes(bytes);
        PresharedKey presharedKey = PresharedKey.fromBytes(bytes);
        PrivateKey privateKey = PrivateKey.fromBytes(bytes);
        Set<PublicKey> distinct = new HashSet<>();
        for (int bit = 0; bit < 256; bit++) {
            byte[] other = bytes.clone();
            other[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(PublicKey.fromBytes(other)).isNotEqualTo(publicKey);
            assertThat(PresharedKey.fromBytes(other)).isNotEqualTo(presharedKey);
            boolean clampedAway = bit < 3 || bit > 253;
            assertThat(PrivateKey.fromBytes(other).equals(privateKey)).isEqualTo(clampedAway);
            distinct.add(PublicKey.fromBytes(other));
        }
        assertThat(distinct).hasSize(256).doesNotContain(publicKey);
        assertThat(PublicKey.fromBytes(bytes)).isEqualTo(publicKey).hasSameHashCodeAs(publicKey);
        assertThat(PresharedKey.fromBytes(bytes)).isEqualTo(presharedKey).hasSameHashCodeAs(presharedKey);
        assertThat(PrivateKey.fromBytes(bytes)).isEqualTo(privateKey).hasSameHashCodeAs(privateKey);
    }

    @Test
    void publicKeysAreReadAndWrittenInsideAMessage() {
        byte[] message = new byte[50];
        for (int i = 0; i < message.length; i++) {
            message[i] = (byte) i;
        }
        byte[] target = new byte[40];
        PublicKey.fromBytes(message, 7).copyTo(target, 5);
        assertThat(Arrays.copyOfRange(target, 5, 37)).isEqualTo(Arrays.copyOfRange(message, 7, 39));
        assertThat(Arrays.copyOf(target, 5)).containsOnly(0);
        assertThat(Arrays.copyOfRange(target, 37, 40)).containsOnly(0);
        assertThatThrownBy(() -> PublicKey.fromBytes(message, 19)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void refusesOtherLengths() {
        for (int length : new int[] {0, 31, 33, 64}) {
            byte[] bytes = new byte[length];
            assertThatThrownBy(() -> PrivateKey.fromBytes(bytes)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> PublicKey.fromBytes(bytes)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> PresharedKey.fromBytes(bytes)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
