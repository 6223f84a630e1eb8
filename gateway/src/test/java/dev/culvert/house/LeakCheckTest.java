package dev.culvert.house;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import org.junit.jupiter.api.Test;

/// Proves that leaks would be found in the tests of this module.
final class LeakCheckTest {
    @Test
    void nettyUsesTheRecordingDetectorAndTracksEveryBuffer() {
        assertThat(ResourceLeakDetectorFactory.instance().newResourceLeakDetector(ByteBuf.class))
                .isInstanceOf(RecordingLeakDetector.class);
        assertThat(ResourceLeakDetector.getLevel()).isEqualTo(ResourceLeakDetector.Level.PARANOID);
    }

    @Test
    void findsABufferThatIsNeverReleased() {
        loseABuffer();

        assertThat(RecordingLeakDetector.takeLeaks())
                .singleElement()
                .asString()
                .contains("never released")
                .contains("loseABuffer");
        assertThat(RecordingLeakDetector.takeLeaks()).isEmpty();
    }

    @Test
    void findsNothingWhenBuffersAreReleased() {
        Unpooled.directBuffer(64).writeInt(1).release();

        assertThat(RecordingLeakDetector.takeLeaks()).isEmpty();
    }

    private static void loseABuffer() {
        ByteBuf lost = Unpooled.directBuffer(64);
        lost.writeInt(1);
    }
}
