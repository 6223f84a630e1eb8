package dev.culvert.device;

/// Where lanes put handshake arithmetic: worker threads in the gateway, the scheduler in a simulation. Bounded;
/// the result comes back to a lane as a command.
@AnyThread
interface HandshakeQueue {
    /// An initiation from the network: the part that a flood fills.
    ///
    /// @return false if the queue is full; the work is dropped
    boolean offerInbound(HandshakeWork work);

    /// An initiation or a response's session of our own peers: never behind a flood.
    ///
    /// @return false if the queue is full; the work is dropped
    boolean offerOwn(HandshakeWork work);

    /// Initiations from the network that wait: from a number on the device is under load (conformance 1.7).
    int inboundDepth();
}
