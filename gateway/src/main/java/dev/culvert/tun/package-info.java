/// The kernel's interface: TUN, UDP sockets, timers and links by java.lang.foreign.
@NullMarked
package dev.culvert.tun;

import org.jspecify.annotations.NullMarked;
