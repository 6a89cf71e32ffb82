/** Micrometer meters of datagrams and of reliable UDP. Optional: whoever uses it brings Micrometer. */
package io.nettoolkit.udp.micrometer;
