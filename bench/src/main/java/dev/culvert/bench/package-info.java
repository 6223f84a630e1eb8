/// JMH benchmarks: one question a class, the question is the class comment.
@NullMarked
package dev.culvert.bench;

import org.jspecify.annotations.NullMarked;
