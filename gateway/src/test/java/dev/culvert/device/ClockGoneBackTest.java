package dev.culvert.device;

import static dev.culvert.device.HubAndSpoke.S;
import static dev.culvert.device.HubAndSpoke.initiation;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/// A client that has lost its clock cannot come in and is told nothing; its operator must be (trap 9).
@LaneConfined
final class ClockGoneBackTest {
    private final HubAndSpoke pair = new HubAndSpoke();
    private final Logger logger = (Logger) LoggerFactory.getLogger(Handshakes.class);
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    ClockGoneBackTest() {
        pair.connect();
        log.start();
        logger.setLevel(Level.WARN); // whatever another test has set for all
        logger.addAppender(log);
    }

    @AfterEach
    void closes() {
        logger.detachAppender(log);
        logger.setLevel(null);
        pair.close();
    }

    private List<String> lines() {
        return log.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    /// As after a restart without a battery: the spoke does not know what it has sent before.
    private Datagram initiationOfAnHourAgo() {
        pair.clock.advance(6 * S);
        pair.clock.wallJumps(-3600 * S);
        pair.atSpoke().lastTimestampSent = null;
        Datagram old = initiation(pair.spoke, pair.hub);
        pair.clock.wallJumps(3600 * S);
        return old;
    }

    @Test
    void saysOnceInTenSecondsWhoseClockWentBackAndByHowMuch() {
        Datagram old = initiationOfAnHourAgo();
        for (int i = 0; i < 100; i++) {
            pair.hub.receive(0, old);
        }
        assertThat(pair.hub.drops(DropReason.STALE_TIMESTAMP)).isEqualTo(100);
        assertThat(lines())
                .singleElement()
                .satisfies(line -> assertThat(line)
                        .contains(pair.spoke.publicKey().toString())
                        .containsPattern("35[0-9][0-9] s older")
                        .contains("set it, or remove the peer and add it again"));
        pair.clock.advance(10 * S);
        pair.hub.receive(0, old);
        assertThat(lines()).hasSize(2);
    }

    @Test
    void aDuplicateOfALateInitiationIsNoNews() {
        pair.clock.advance(6 * S);
        Datagram initiation = initiation(pair.spoke, pair.hub);
        pair.hub.receive(0, initiation, initiation);
        assertThat(pair.hub.drops(DropReason.STALE_TIMESTAMP)).isEqualTo(1);
        assertThat(lines()).isEmpty();
    }
}
