package dev.culvert.device;

/// Wakes a lane at a boot time: a timerfd in the gateway. The lane's one alarm; later calls replace earlier ones.
@LaneConfined
public interface WakeUp {
    /// Has [Lane#timersDue] called on the lane at or after `bootNs`.
    void at(long bootNs);
}
