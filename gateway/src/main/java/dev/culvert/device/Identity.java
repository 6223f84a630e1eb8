package dev.culvert.device;

import dev.culvert.noise.CookieChecker;
import dev.culvert.noise.StaticIdentity;

/// Our own key, what is derived from it, and the generation that a worker's result is checked against.
@Published
record Identity(StaticIdentity keys, CookieChecker cookies, long generation) {}
