/// What trials and comparisons are made of: network namespaces, programs that run in them, and figures of what
/// they use. Whoever starts something hands it to an [dev.culvert.bench.lab.Owner], which ends it.
@NullMarked
package dev.culvert.bench.lab;

import org.jspecify.annotations.NullMarked;
