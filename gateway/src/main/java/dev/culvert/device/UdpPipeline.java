package dev.culvert.device;

import io.netty.channel.ChannelPipeline;

/// The way in, in order. This is its table of contents: a batch from a socket meets these four and nothing else.
@LaneConfined
final class UdpPipeline {
    private final InboundGate gate;
    private final HandshakeHandler handshake;
    private final DecryptHandler decrypt;
    private final RouteHandler route;

    UdpPipeline(Lane lane) {
        gate = new InboundGate(lane);
        handshake = new HandshakeHandler(lane);
        decrypt = new DecryptHandler(lane);
        route = new RouteHandler(lane);
    }

    void install(ChannelPipeline pipeline) {
        pipeline.addLast("gate", gate);
        pipeline.addLast("handshake", handshake);
        pipeline.addLast("decrypt", decrypt);
        pipeline.addLast("route", route);
    }
}
