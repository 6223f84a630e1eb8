package dev.culvert.bench;

import dev.culvert.crypto.Aead;
import dev.culvert.crypto.AeadEngine;
import dev.culvert.crypto.Memory;
import java.lang.foreign.Arena;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// One lane's cipher with a key, a plaintext and its ciphertext off the heap.
@State(Scope.Thread)
@SuppressWarnings("NullAway.Init") // JMH calls #allocate before anything else
public class CipherState {
    private static final int ALIGNMENT = 64;

    private final Arena memory = Arena.ofAuto();

    @Param
    public AeadEngine engine;

    /// Padded plaintext: a TCP acknowledgement, a middling packet, a full one under the usual MTU of 1420.
    @Param({"64", "576", "1424"})
    public int bytes;

    Aead aead;
    long key;
    long plaintext;
    long sealed;
    long target;
    long counter;

    @Setup(Level.Trial)
    public void allocate() {
        aead = engine.newAead();
        key = allocate(Aead.KEY_BYTES);
        plaintext = allocate(bytes);
        sealed = allocate(bytes + Aead.TAG_BYTES);
        target = allocate(bytes + Aead.TAG_BYTES);
        for (int i = 0; i < Aead.KEY_BYTES; i++) {
            Memory.putByte(key + i, i);
        }
        for (int i = 0; i < bytes; i++) {
            Memory.putByte(plaintext + i, i);
        }
        aead.seal(key, sealed, plaintext, bytes, counter);
    }

    @TearDown(Level.Trial)
    public void free() {
        aead.close();
    }

    private long allocate(int length) {
        return memory.allocate(length, ALIGNMENT).address();
    }
}
