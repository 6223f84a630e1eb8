package dev.culvert.crypto;

import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/// The known answers that an [Aead] must give before it is trusted with packets: RFC 8439 appendix A.5, whose nonce has
/// WireGuard's form, and an empty message.
final class AeadSelfTest {
    static final String A5_KEY = "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0";
    static final long A5_COUNTER = 0x0807060504030201L;
    static final String A5_AAD = "f33388860000000000004e91";
    static final String A5_PLAINTEXT =
            "Internet-Drafts are draft documents valid for a maximum of six months and may be "
                    + "updated, replaced, or obsoleted by other documents at any time. It is inappropriate to use "
                    + "Internet-Drafts as reference material or to cite them other than as /\u201cwork in progress./\u201d";
    static final String A5_SEALED = "64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb2"
            + "4c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100d4f03b7f355894cf"
            + "332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c855"
            + "9797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4"
            + "b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523e"
            + "af4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a"
            + "0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a10"
            + "49e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29"
            + "a6ad5cb4022b02709beead9d67890cbb22392336fea1851f38";
    /// The tag of no plaintext under the same key, counter and no additional data.
    static final String EMPTY_SEALED = "11f42c5c33f24b70d45e8126aec859be";

    private final Aead aead;
    private final long key;
    private final long aad;
    private final int aadLength;
    private final long data;

    private AeadSelfTest(Aead aead, Arena arena) {
        byte[] keyBytes = HexFormat.of().parseHex(A5_KEY);
        byte[] aadBytes = HexFormat.of().parseHex(A5_AAD);
        this.aead = aead;
        key = copy(arena, keyBytes);
        aad = copy(arena, aadBytes);
        aadLength = aadBytes.length;
        data = arena.allocate(A5_SEALED.length()).address();
    }

    /// @throws IllegalStateException if an answer is wrong
    static void run(Aead aead) {
        run(aead, HexFormat.of().parseHex(A5_SEALED), HexFormat.of().parseHex(EMPTY_SEALED));
    }

    static void run(Aead aead, byte[] sealed, byte[] emptySealed) {
        try (Arena arena = Arena.ofConfined()) {
            AeadSelfTest test = new AeadSelfTest(aead, arena);
            test.message(A5_PLAINTEXT.getBytes(StandardCharsets.UTF_8), sealed, test.aadLength);
            test.message(new byte[0], emptySealed, 0);
        }
    }

    private void message(byte[] plaintext, byte[] sealed, int additional) {
        int n = plaintext.length;
        Memory.copyIn(plaintext, 0, data, n);
        aead.seal(key, data, data, n, A5_COUNTER, aad, additional);
        expect(sealed, "seals wrongly");
        if (!aead.open(key, data, data, n, A5_COUNTER, aad, additional)) {
            throw failed("refuses a genuine packet");
        }
        expect(plaintext, "opens wrongly");
        for (int position = 0; position < sealed.length; position++) {
            Memory.copyIn(sealed, 0, data, sealed.length);
            Memory.putByte(data + position, sealed[position] ^ 1 << position % 8);
            if (aead.open(key, data, data, n, A5_COUNTER, aad, additional)) {
                throw failed("accepts a forged packet");
            }
        }
    }

    private void expect(byte[] expected, String failure) {
        if (!Arrays.equals(expected, HeapBuffers.bytes(data, expected.length))) {
            throw failed(failure);
        }
    }

    private IllegalStateException failed(String what) {
        return new IllegalStateException(aead.name() + " failed its self-test: it " + what);
    }

    private static long copy(Arena arena, byte[] bytes) {
        long address = arena.allocate(bytes.length).address();
        Memory.copyIn(bytes, 0, address, bytes.length);
        return address;
    }
}
