package dev.culvert.device;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// May be called by any thread; the class comment says how that is safe. Every class of this package carries
/// exactly one of [LaneConfined], [Published] and [AnyThread].
@Documented
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface AnyThread {}
