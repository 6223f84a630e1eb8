/// Benchmarks of classes that `device` keeps to itself: a package of the same name is their only way in.
@NullMarked
package dev.culvert.device;

import org.jspecify.annotations.NullMarked;
