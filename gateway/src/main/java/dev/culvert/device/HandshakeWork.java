package dev.culvert.device;

/// One piece of handshake arithmetic: reads immutable views only, hands its result to a lane, touches nothing
/// else.
@AnyThread
@FunctionalInterface
interface HandshakeWork {
    void run(HandshakeWorker worker);
}
