/** How much may be in flight, and how fast it leaves. */
package io.nettoolkit.udp.internal.congestion;
