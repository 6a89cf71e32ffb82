/** Micrometer meters of this module. Optional: whoever uses it brings Micrometer. */
package io.nettoolkit.udp.micrometer;
