/// The wg-quick file: its text ([dev.culvert.conf.WgQuickParser]), what it asks of the device
/// ([dev.culvert.conf.ConfChange]) and of the host ([dev.culvert.conf.InterfaceSetup]).
@NullMarked
package dev.culvert.conf;

import org.jspecify.annotations.NullMarked;
