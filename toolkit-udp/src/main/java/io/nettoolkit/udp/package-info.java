/** Reserved for the udp module of Net Toolkit; no code has landed here yet. */
package io.nettoolkit.udp;
