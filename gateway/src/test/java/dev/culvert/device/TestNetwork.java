package dev.culvert.device;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/// Carries datagrams between test devices by outer host number, and turns the clock from alarm to alarm. An
/// initiation reaches a lane chosen by its bytes, as the kernel would hash it; everything else is steered by its
/// index.
@LaneConfined
final class TestNetwork {
    private final ManualClock clock;
    private final List<TestDevice> devices;
    final List<Datagram> seen = new ArrayList<>();
    /// What does not arrive.
    Predicate<Datagram> lost = datagram -> false;

    TestNetwork(ManualClock clock, TestDevice... devices) {
        this.clock = clock;
        this.devices = List.of(devices);
    }

    /// Delivers until nothing is under way.
    void settle() {
        for (int round = 0; round < 1000; round++) {
            List<Datagram> underWay = new ArrayList<>();
            for (TestDevice device : devices) {
                device.run();
                underWay.addAll(device.takeSent());
            }
            if (underWay.isEmpty()) {
                return;
            }
            for (Datagram datagram : underWay) {
                seen.add(datagram);
                if (!lost.test(datagram)) {
                    deliver(datagram);
                }
            }
        }
        throw new AssertionError("the devices never stop talking");
    }

    void deliver(Datagram datagram) {
        for (TestDevice device : devices) {
            if (device.host == datagram.to()) {
                device.receive(steer(datagram, device.state.lanes().length), datagram);
            }
        }
    }

    /// What the BPF program of the sockets does (architecture, decision 2).
    static int steer(Datagram datagram, int lanes) {
        int at = switch (datagram.type()) {
            case 2 -> 8;
            case 3, 4 -> 4;
            default -> 12;
        };
        return datagram.bytes().length <= at ? 0 : (datagram.bytes()[at] & 0xff) % lanes;
    }

    /// Passes time: every alarm on the way goes off at its time, and what is sent arrives at once.
    void pass(long ns) {
        long end = clock.bootNs() + ns;
        while (true) {
            long next = LanePeer.NEVER;
            for (TestDevice device : devices) {
                next = Math.min(next, device.nextAlarmNs());
            }
            if (next > end) {
                break;
            }
            clock.advance(Math.max(0, next - clock.bootNs()));
            devices.forEach(TestDevice::alarmsDue);
            settle();
        }
        clock.advance(end - clock.bootNs());
        settle();
    }

    List<Datagram> takeSeen() {
        List<Datagram> taken = List.copyOf(seen);
        seen.clear();
        return taken;
    }

    long seenOfType(int type) {
        return seen.stream().filter(datagram -> datagram.type() == type).count();
    }
}
