/// Bytes on the wire: static accessors over offsets, no state.
@NullMarked
package dev.culvert.wire;

import org.jspecify.annotations.NullMarked;
