package dev.culvert.device;

import static dev.culvert.device.HubAndSpoke.HUB;
import static dev.culvert.device.HubAndSpoke.S;
import static dev.culvert.device.HubAndSpoke.SPOKE;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Both sides initiate at the same time, and everything that follows happens in every order there is: deliveries,
/// workers' results, commits (conformance 1.5, "State is one slot per peer"). We keep our own initiation while we
/// answer the peer's, so that both handshakes finish; whatever is lost, the sides end with sessions that agree.
@LaneConfined
final class SimultaneousInitiationTest {
    private static final int STEPS_MAX = 40;

    /// One of the things that can happen next.
    private record Step(TestDevice device, Kind kind, int number) {}

    @Published
    private enum Kind {
        DELIVERY,
        WORK,
        COMMIT
    }

    /// One order of events. What comes under the new keys is delivered at the end.
    private static final class Run implements AutoCloseable {
        private final HubAndSpoke pair = new HubAndSpoke();
        private final List<Datagram> underWay = new ArrayList<>();
        private final boolean hubsResponseIsLost;
        private final boolean spokesResponseIsLost;
        /// A worker's result is committed at once; in return the initiations are still to be made.
        private final boolean coarse;

        Run(boolean hubsResponseIsLost, boolean spokesResponseIsLost, boolean coarse) {
            this.hubsResponseIsLost = hubsResponseIsLost;
            this.spokesResponseIsLost = spokesResponseIsLost;
            this.coarse = coarse;
            pair.hub.peer(pair.spoke, true, null, InnerPacket.prefix4(SPOKE, 32));
            pair.hub.stepwise = true;
            pair.spoke.stepwise = true;
            pair.spoke.host(0, InnerPacket.ipv4(SPOKE, HUB, "up"));
            pair.hub.host(0, InnerPacket.ipv4(HUB, SPOKE, "down"));
            if (!coarse) {
                pair.spoke.stepwise = false;
                pair.hub.stepwise = false;
                pair.spoke.run();
                pair.hub.run();
                pair.spoke.stepwise = true;
                pair.hub.stepwise = true;
                underWay.addAll(pair.hub.takeSent());
                underWay.addAll(pair.spoke.takeSent());
                assertThat(underWay).extracting(Datagram::type).containsExactly(1, 1);
            }
        }

        /// Takes the chosen steps and, where the choices end, always the first.
        ///
        /// @return how many there were to choose from each time
        List<Integer> run(List<Integer> choices) {
            List<Integer> alternatives = new ArrayList<>();
            for (List<Step> possible = steps(); !possible.isEmpty(); possible = steps()) {
                int choice = alternatives.size() < choices.size() ? choices.get(alternatives.size()) : 0;
                alternatives.add(possible.size());
                assertThat(alternatives).hasSizeLessThan(STEPS_MAX);
                take(possible.get(choice));
            }
            return alternatives;
        }

        private List<Step> steps() {
            List<Step> possible = new ArrayList<>();
            for (TestDevice device : new TestDevice[] {pair.hub, pair.spoke}) {
                for (int work = 0; work < device.works(); work++) {
                    possible.add(new Step(device, Kind.WORK, work));
                }
                if (device.hasCommand(0)) {
                    possible.add(new Step(device, Kind.COMMIT, 0));
                }
                for (int i = 0; i < underWay.size(); i++) {
                    if (underWay.get(i).to() == device.host && underWay.get(i).type() < 3) {
                        possible.add(new Step(device, Kind.DELIVERY, i));
                    }
                }
            }
            return possible;
        }

        private void take(Step step) {
            switch (step.kind()) {
                case DELIVERY -> step.device().receive(0, underWay.remove(step.number()));
                case WORK -> {
                    step.device().runWork(step.number());
                    if (coarse && step.device().hasCommand(0)) {
                        step.device().runCommand(0);
                    }
                }
                case COMMIT -> step.device().runCommand(0);
            }
            for (Datagram sent : step.device().takeSent()) {
                boolean lost = sent.type() == 2 && (sent.from() == HUB ? hubsResponseIsLost : spokesResponseIsLost);
                if (!lost) {
                    underWay.add(sent);
                }
            }
        }

        void converges(List<Integer> choices) {
            pair.hub.stepwise = false;
            pair.spoke.stepwise = false;
            underWay.forEach(pair.network::deliver);
            pair.network.settle();
            pair.network.pass(11 * S);
            assertThat(pair.hub.delivered()).as("%s", choices).containsExactly("up");
            assertThat(pair.spoke.delivered()).as("%s", choices).containsExactly("down");
            for (LanePeer peer : new LanePeer[] {pair.atHub(), pair.atSpoke()}) {
                assertThat(peer.retransmitNs).as("%s", choices).isEqualTo(LanePeer.NEVER);
                assertThat(peer.staged.isEmpty()).isTrue();
                assertThat(peer.lane.keys.used()).isBetween(1, 3);
                int waiting = peer.initiation == null ? 0 : 1; // its response was lost, and is not needed any more
                assertThat(peer.lane.sessions.size()).isEqualTo(peer.lane.keys.used() + waiting);
            }
            // Both can send at once and need no handshake for it.
            pair.network.takeSeen();
            pair.up("up again");
            pair.down("down again");
            assertThat(pair.network.takeSeen())
                    .as("%s", choices)
                    .extracting(Datagram::type)
                    .containsOnly(4);
            assertThat(pair.hub.delivered()).as("%s", choices).containsExactly("up", "up again");
            assertThat(pair.spoke.delivered()).as("%s", choices).containsExactly("down", "down again");
        }

        @Override
        public void close() {
            pair.close();
        }
    }

    /// Workers' results and their commits at different times; the initiations are both under way.
    @ParameterizedTest(name = "the hub''s response lost: {0}, the spoke''s: {1}")
    @CsvSource({"false, false, 800", "true, false, 60", "false, true, 60", "true, true, 19"})
    void everyOrderOfAnswersEndsWithSessionsThatAgree(boolean hubsLost, boolean spokesLost, int ordersMin) {
        assertThat(orders(hubsLost, spokesLost, false)).isGreaterThan(ordersMin);
    }

    /// The peer's initiation may come before our own has left its worker.
    @ParameterizedTest(name = "the hub''s response lost: {0}, the spoke''s: {1}")
    @CsvSource({"false, false, 200", "true, false, 50", "false, true, 50", "true, true, 19"})
    void everyOrderFromTheFirstPacketsOnEndsWithSessionsThatAgree(boolean hubsLost, boolean spokesLost, int ordersMin) {
        assertThat(orders(hubsLost, spokesLost, true)).isGreaterThan(ordersMin);
    }

    /// Runs every order there is.
    private static int orders(boolean hubsLost, boolean spokesLost, boolean coarse) {
        List<Integer> choices = List.of();
        int orders = 0;
        while (true) {
            List<Integer> alternatives;
            try (Run run = new Run(hubsLost, spokesLost, coarse)) {
                alternatives = run.run(choices);
                run.converges(choices);
            }
            orders++;
            List<Integer> taken = new ArrayList<>(choices);
            while (taken.size() < alternatives.size()) {
                taken.add(0);
            }
            // The next order: the last choice that had another alternative takes it.
            int last = alternatives.size() - 1;
            while (last >= 0 && taken.get(last) + 1 == alternatives.get(last)) {
                last--;
            }
            if (last < 0) {
                return orders;
            }
            choices = new ArrayList<>(taken.subList(0, last));
            choices.add(taken.get(last) + 1);
        }
    }
}
