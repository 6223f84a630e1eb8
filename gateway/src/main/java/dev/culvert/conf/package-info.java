/// The wg-quick file.
@NullMarked
package dev.culvert.conf;

import org.jspecify.annotations.NullMarked;
