package dev.culvert.device;

import dev.culvert.noise.Cookie;
import dev.culvert.noise.CookieTools;
import dev.culvert.noise.RemoteIdentity;

/// Makes what a sender has who has received a cookie of a device at its address.
@AnyThread
final class CookieForTests {
    private CookieForTests() {}

    /// A copy of an initiation or response with a right mac2 for `source`.
    static byte[] withMac2(byte[] message, TestDevice receiver, Endpoint source) {
        Identity identity = HubAndSpoke.present(receiver.state.identity);
        RemoteIdentity remote = new RemoteIdentity(identity.keys().publicKey());
        long nowNs = receiver.clock.bootNs();
        byte[] copy = message.clone();
        Cookie cookie = new Cookie();
        cookie.stamp(copy, remote, nowNs);
        CookieTools tools = receiver.lane(0).cookieTools;
        tools.source(source.ipv6, source.hi, source.lo, source.port);
        byte[] reply = identity.cookies().reply(copy, nowNs, tools);
        if (!cookie.consume(reply, remote, nowNs)) {
            throw new AssertionError("its own reply");
        }
        cookie.stamp(copy, remote, nowNs);
        return copy;
    }
}
