/// The userspace configuration protocol that wg(8) speaks.
@NullMarked
package dev.culvert.uapi;

import org.jspecify.annotations.NullMarked;
