package dev.culvert.device;

import dev.culvert.crypto.Memory;
import dev.culvert.noise.SentInitiation;
import dev.culvert.wire.CookieReply;
import dev.culvert.wire.HandshakeInitiation;
import dev.culvert.wire.HandshakeResponse;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;

/// Second on the way in: initiations, responses and cookie replies. Makes the cheap checks here (mac1, load,
/// cookie, rate limit: conformance 1.5 to 1.7) and leaves the arithmetic to [Handshakes]. Data passes
/// untouched.
@LaneConfined
@Sharable // by the two sockets of one lane
final class HandshakeHandler extends ChannelInboundHandlerAdapter {
    private final Lane lane;
    private final byte[] initiation = new byte[HandshakeInitiation.BYTES];
    private final byte[] response = new byte[HandshakeResponse.BYTES];
    private final byte[] cookieReply = new byte[CookieReply.BYTES];

    HandshakeHandler(Lane lane) {
        this.lane = lane;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        PacketBatch batch = (PacketBatch) message;
        for (int i = 0; i < batch.segments; i++) {
            if (batch.state[i] == PacketBatch.HANDSHAKE) {
                batch.state[i] = PacketBatch.DONE;
                switch (batch.length[i]) {
                    case HandshakeInitiation.BYTES -> initiation(batch, i);
                    case HandshakeResponse.BYTES -> response(batch, i);
                    default -> cookieReply(batch, i);
                }
            }
        }
        context.fireChannelRead(batch);
    }

    private void initiation(PacketBatch batch, int segment) {
        Identity identity = lane.device.identity;
        Memory.copyOut(batch.address[segment], initiation, 0, initiation.length);
        if (!passes(identity, initiation, batch, segment)) {
            return;
        }
        assert identity != null;
        Endpoint source = Endpoint.ofUnit(batch, batch.unit[segment]);
        if (!lane.handshakes.initiationReceived(identity, initiation.clone(), source)) {
            lane.counters.dropped(DropReason.HANDSHAKE_QUEUE_FULL);
            noted(Cause.QUEUE_FULL, batch, segment);
        }
    }

    /// Nothing is made for it beyond the allowance.
    private void noted(Cause cause, PacketBatch batch, int segment) {
        if (lane.device.incidents.allows(IncidentLog.Of.SOURCE, lane.nowNs)) {
            lane.device.incidents.ofSource(Endpoint.ofUnit(batch, batch.unit[segment]), cause, null);
        }
    }

    private void response(PacketBatch batch, int segment) {
        Identity identity = lane.device.identity;
        Memory.copyOut(batch.address[segment], response, 0, response.length);
        int index = HandshakeResponse.receiverIndex(response);
        if (lane.handOver.toHomeOf(index, batch, segment) || !passes(identity, response, batch, segment)) {
            return;
        }
        IndexEntry entry = lane.sessions.find(index);
        SentInitiation waiting = entry == null ? null : entry.initiation;
        if (entry == null || waiting == null) {
            lane.counters.dropped(DropReason.UNEXPECTED_RESPONSE);
            return;
        }
        Endpoint source = Endpoint.ofUnit(batch, batch.unit[segment]);
        lane.handshakes.responseReceived(entry.peer, waiting, response.clone(), source);
    }

    private boolean passes(@Nullable Identity identity, byte[] message, PacketBatch batch, int segment) {
        if (identity == null) {
            lane.counters.dropped(DropReason.NO_IDENTITY);
            noted(Cause.NO_PRIVATE_KEY, batch, segment);
            return false;
        }
        if (!identity.cookies().mac1Valid(message, lane.cookieTools)) {
            lane.counters.dropped(DropReason.BAD_MAC1);
            noted(Cause.WRONG_HUB_KEY, batch, segment);
            return false;
        }
        HandshakeLoad load = lane.device.load;
        if (!load.isUnderLoad(lane.nowNs)) {
            return true;
        }
        int unit = batch.unit[segment];
        lane.cookieTools.source(
                batch.unitIpv6[unit], batch.unitSourceHi[unit], batch.unitSourceLo[unit], batch.unitSourcePort[unit]);
        if (!identity.cookies().mac2Valid(message, lane.nowNs, lane.cookieTools)) {
            askForCookie(identity, message, batch, unit);
            noted(Cause.UNDER_LOAD, batch, segment);
            return false;
        }
        if (!load.allows(batch.unitIpv6[unit], batch.unitSourceHi[unit], lane.nowNs)) {
            lane.counters.dropped(DropReason.RATE_LIMITED);
            noted(Cause.RATE_LIMITED, batch, segment);
            return false;
        }
        return true;
    }

    private void askForCookie(Identity identity, byte[] message, PacketBatch batch, int unit) {
        if (!lane.cookieReplies.allows(
                batch.unitSourceHi[unit], batch.unitSourceLo[unit], batch.unitSourcePort[unit], lane.nowNs)) {
            lane.counters.dropped(DropReason.COOKIE_WITHHELD);
            return;
        }
        byte[] reply = identity.cookies().reply(message, lane.nowNs, lane.cookieTools);
        lane.sender.sendCookieReply(Endpoint.ofUnit(batch, unit), reply);
        lane.counters.dropped(DropReason.COOKIE_REQUIRED);
    }

    /// Changes neither endpoint nor timers; the next ordinary retransmission carries the mac2 (conformance
    /// 1.6).
    private void cookieReply(PacketBatch batch, int segment) {
        Memory.copyOut(batch.address[segment], cookieReply, 0, cookieReply.length);
        int index = CookieReply.receiverIndex(cookieReply);
        if (lane.handOver.toHomeOf(index, batch, segment)) {
            return;
        }
        IndexEntry entry = lane.sessions.find(index);
        if (entry == null) {
            lane.counters.dropped(DropReason.UNKNOWN_INDEX);
        } else if (!entry.peer.cookie.consume(cookieReply, entry.peer.peer.remote, lane.nowNs)) {
            lane.counters.dropped(DropReason.BAD_COOKIE, entry.peer.peer);
        }
    }
}
