/// The device's counters as Micrometer meters.
@NullMarked
package dev.culvert.metrics;

import org.jspecify.annotations.NullMarked;
