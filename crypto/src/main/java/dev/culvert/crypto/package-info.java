/// WireGuard's primitives (paper section 5.4) and the AEAD engines of the packet path. No Netty, no clocks, no threads,
/// no logging.
@NullMarked
package dev.culvert.crypto;

import org.jspecify.annotations.NullMarked;
