package dev.culvert.wire;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HandshakeMessagesTest {
    private static byte[] counting(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) i;
        }
        return bytes;
    }

    @Test
    void initiationFieldsStandWhereThePaperPutsThem() {
        byte[] message = counting(HandshakeInitiation.BYTES);
        assertThat(HandshakeInitiation.senderIndex(message)).isEqualTo(0x07060504);
        assertThat(HandshakeInitiation.ephemeral(message).toBytes())
                .startsWith(8, 9)
                .endsWith(38, 39);
        assertThat(HandshakeInitiation.SEALED_STATIC + HandshakeInitiation.SEALED_STATIC_BYTES)
                .isEqualTo(HandshakeInitiation.SEALED_TIMESTAMP);
        assertThat(HandshakeInitiation.SEALED_TIMESTAMP + HandshakeInitiation.SEALED_TIMESTAMP_BYTES)
                .isEqualTo(HandshakeInitiation.MAC1);
        assertThat(HandshakeInitiation.MAC2).isEqualTo(148 - 16);
    }

    @Test
    void responseFieldsStandWhereThePaperPutsThem() {
        byte[] message = counting(HandshakeResponse.BYTES);
        assertThat(HandshakeResponse.senderIndex(message)).isEqualTo(0x07060504);
        assertThat(HandshakeResponse.receiverIndex(message)).isEqualTo(0x0b0a0908);
        assertThat(HandshakeResponse.ephemeral(message).toBytes())
                .startsWith(12, 13)
                .endsWith(42, 43);
        assertThat(HandshakeResponse.SEALED_NOTHING + HandshakeResponse.SEALED_NOTHING_BYTES)
                .isEqualTo(HandshakeResponse.MAC1);
        assertThat(HandshakeResponse.MAC2).isEqualTo(92 - 16);
    }

    @Test
    void cookieReplyFieldsStandWhereThePaperPutsThem() {
        assertThat(CookieReply.receiverIndex(counting(CookieReply.BYTES))).isEqualTo(0x07060504);
        assertThat(CookieReply.NONCE + CookieReply.NONCE_BYTES).isEqualTo(CookieReply.SEALED_COOKIE);
        assertThat(CookieReply.SEALED_COOKIE + CookieReply.SEALED_COOKIE_BYTES).isEqualTo(CookieReply.BYTES);
    }

    @Test
    void writesIndicesAndTypesLittleEndianAndNothingElse() {
        byte[] initiation = new byte[HandshakeInitiation.BYTES];
        HandshakeInitiation.writeType(initiation);
        HandshakeInitiation.writeSenderIndex(initiation, 0xfedcba98);
        assertThat(Vectors.hex(initiation)).isEqualTo("0100000098badcfe" + "00".repeat(140));

        byte[] response = new byte[HandshakeResponse.BYTES];
        HandshakeResponse.writeType(response);
        HandshakeResponse.writeSenderIndex(response, 1);
        HandshakeResponse.writeReceiverIndex(response, -2);
        assertThat(Vectors.hex(response)).isEqualTo("0200000001000000feffffff" + "00".repeat(80));

        byte[] reply = new byte[CookieReply.BYTES];
        CookieReply.writeType(reply);
        CookieReply.writeReceiverIndex(reply, 0x80000000);
        assertThat(Vectors.hex(reply)).isEqualTo("0300000000000080" + "00".repeat(56));
    }
}
