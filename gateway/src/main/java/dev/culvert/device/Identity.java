package dev.culvert.device;

import dev.culvert.noise.CookieChecker;
import dev.culvert.noise.StaticIdentity;

/// Our own key and what is derived from it. One object for its whole life: a worker's result is committed only
/// while the identity that it was computed with still stands.
@Published
record Identity(StaticIdentity keys, CookieChecker cookies) {}
