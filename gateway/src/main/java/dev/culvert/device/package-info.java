/// The data plane: lanes, handlers, peers, timers, routing.
@NullMarked
package dev.culvert.device;

import org.jspecify.annotations.NullMarked;
