/** The connection as a pure machine, and what a server does before there is one. */
package io.nettoolkit.udp.internal.connection;
