package dev.culvert.device;

/// Takes no work, and has as much waiting as a test says.
@AnyThread
final class DepthOnlyQueue implements HandshakeQueue {
    int depth;

    @Override
    public boolean offerInbound(HandshakeWork work) {
        return false;
    }

    @Override
    public boolean offerOwn(HandshakeWork work) {
        return false;
    }

    @Override
    public int inboundDepth() {
        return depth;
    }
}
