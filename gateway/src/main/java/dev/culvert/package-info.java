/// Culvert's architecture page stands here.
@NullMarked
package dev.culvert;

import org.jspecify.annotations.NullMarked;
