/// What the load generator needs of [dev.culvert.tun.UdpSocket] and no gateway does.
@NullMarked
package dev.culvert.tun;

import org.jspecify.annotations.NullMarked;
