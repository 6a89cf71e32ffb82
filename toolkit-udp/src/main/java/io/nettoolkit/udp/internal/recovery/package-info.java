/** What was sent, what arrived, how long it takes, what is lost. */
package io.nettoolkit.udp.internal.recovery;
