package dev.culvert.noise;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class KeypairsTest {
    private final Keypairs keypairs = new Keypairs();
    private final List<Keypair> dropped = new ArrayList<>();
    private int made;

    private Keypair keypair() {
        return new Keypair(0, 0, ++made, made, true, 0);
    }

    private Keypair initiated() {
        Keypair added = keypair();
        keypairs.addAsInitiator(added, dropped::add);
        return added;
    }

    private Keypair responded() {
        Keypair added = keypair();
        keypairs.addAsResponder(added, dropped::add);
        return added;
    }

    private boolean received(Keypair keypair) {
        return keypairs.received(keypair, dropped::add);
    }

    private void assertSlots(@Nullable Keypair previous, @Nullable Keypair current, @Nullable Keypair next) {
        assertThat(keypairs.previous()).as("previous").isSameAs(previous);
        assertThat(keypairs.current()).as("current").isSameAs(current);
        assertThat(keypairs.next()).as("next").isSameAs(next);
    }

    @Test
    void theFirstSessionOfAnInitiatorIsCurrent() {
        Keypair a = initiated();
        assertSlots(null, a, null);
        assertThat(dropped).isEmpty();
    }

    @Test
    void anInitiatorsNewSessionMakesCurrentPrevious() {
        Keypair a = initiated();
        Keypair b = initiated();
        assertSlots(a, b, null);
        assertThat(dropped).isEmpty();
    }

    @Test
    void anInitiatorsNewSessionDropsPrevious() {
        Keypair a = initiated();
        Keypair b = initiated();
        Keypair c = initiated();
        assertSlots(b, c, null);
        assertThat(dropped).containsExactly(a);
    }

    @Test
    void anInitiatorsNewSessionMakesNextPreviousAndDropsCurrent() {
        Keypair a = initiated();
        Keypair b = responded();
        Keypair c = initiated();
        assertSlots(b, c, null);
        assertThat(dropped).containsExactly(a);
    }

    @Test
    void anInitiatorsFirstSessionMakesAnUnconfirmedOnePrevious() {
        Keypair a = responded();
        Keypair b = initiated();
        assertSlots(a, b, null);
        assertThat(dropped).isEmpty();
    }

    @Test
    void aRespondersSessionWaitsAsNextAndDropsPrevious() {
        Keypair a = initiated();
        Keypair b = initiated();
        Keypair c = responded();
        assertSlots(null, b, c);
        assertThat(dropped).containsExactly(a);
    }

    @Test
    void aRespondersNewSessionDropsTheOlderNext() {
        Keypair a = initiated();
        Keypair b = responded();
        Keypair c = responded();
        assertSlots(null, a, c);
        assertThat(dropped).containsExactly(b);
    }

    @Test
    void theFirstPacketUnderNextMakesItCurrent() {
        Keypair a = initiated();
        Keypair b = responded();
        assertThat(received(b)).isTrue();
        assertSlots(a, b, null);
        assertThat(dropped).isEmpty();
        assertThat(received(b)).as("the second packet").isFalse();
        assertSlots(a, b, null);
    }

    @Test
    void packetsUnderTheOthersChangeNothing() {
        Keypair a = initiated();
        Keypair b = initiated();
        assertThat(received(a)).isFalse();
        assertThat(received(b)).isFalse();
        assertSlots(a, b, null);
        Keypair c = responded();
        assertThat(received(b)).isFalse();
        assertThat(received(a)).as("dropped before").isFalse();
        assertSlots(null, b, c);
        assertThat(received(keypair())).as("of another peer").isFalse();
        assertSlots(null, b, c);
    }

    @Test
    void aPacketUnderNextOfAFreshPeerMakesItCurrent() {
        Keypair a = responded();
        assertThat(received(a)).isTrue();
        assertSlots(null, a, null);
        assertThat(dropped).isEmpty();
    }

    @Test
    void clearingDropsAllThree() {
        Keypair a = initiated();
        Keypair b = responded();
        assertThat(received(b)).isTrue();
        Keypair c = responded();
        assertThat(dropped).containsExactly(a);
        Keypair d = initiated();
        assertThat(dropped).containsExactly(a, b);
        assertSlots(c, d, null);
        keypairs.clear(dropped::add);
        assertSlots(null, null, null);
        assertThat(dropped).containsExactly(a, b, c, d);
        keypairs.clear(dropped::add);
        assertThat(dropped).hasSize(4);
    }

    @Test
    void invalidatesCurrentAndNextForSendingOnly() {
        Keypair a = initiated();
        Keypair b = initiated();
        keypairs.invalidateSending();
        assertThat(a.sendable(0)).as("previous never sends anyway").isTrue();
        assertThat(b.sendable(0)).isFalse();
        Keypair c = responded();
        assertThat(c.sendable(0)).as("made afterwards").isTrue();
        keypairs.invalidateSending();
        assertThat(c.sendable(0)).isFalse();
        assertSlots(null, b, c);
        assertThat(b.receivable(0)).isTrue();
        assertThat(c.receivable(0)).isTrue();
        new Keypairs().invalidateSending();
    }

    /// The table of the protocol again, as slots in a list: previous, current, next.
    @Property
    void followsTheTableAndDropsEachKeypairExactlyOnce(
            @ForAll @Size(max = 60) List<@IntRange(max = 5) Integer> events) {
        Keypairs tested = new Keypairs();
        List<Keypair> gone = new ArrayList<>();
        Set<Keypair> all = new HashSet<>();
        @Nullable Keypair[] slots = new @Nullable Keypair[3];
        for (int event : events) {
            Keypair added = new Keypair(0, 0, 0, 0, true, 0);
            Keypair next = slots[2];
            switch (event) {
                case 0, 1 -> {
                    all.add(added);
                    tested.addAsInitiator(added, gone::add);
                    slots = new @Nullable Keypair[] {next != null ? next : slots[1], added, null};
                }
                case 2, 3 -> {
                    all.add(added);
                    tested.addAsResponder(added, gone::add);
                    slots = new @Nullable Keypair[] {null, slots[1], added};
                }
                case 4 -> {
                    boolean rotated = tested.received(next != null ? next : added, gone::add);
                    assertThat(rotated).isEqualTo(next != null);
                    if (next != null) {
                        slots = new @Nullable Keypair[] {slots[1], next, null};
                    }
                }
                default -> {
                    Keypair current = slots[1];
                    assertThat(tested.received(current != null ? current : added, gone::add))
                            .isFalse();
                }
            }
            assertThat(new @Nullable Keypair[] {tested.previous(), tested.current(), tested.next()})
                    .containsExactly(slots);
            Set<Keypair> held = new HashSet<>(all);
            gone.forEach(held::remove);
            assertThat(gone).doesNotHaveDuplicates();
            for (Keypair keypair : held) {
                assertThat(slots).contains(keypair);
            }
            for (Keypair keypair : gone) {
                assertThat(slots).doesNotContain(keypair);
            }
        }
    }
}
