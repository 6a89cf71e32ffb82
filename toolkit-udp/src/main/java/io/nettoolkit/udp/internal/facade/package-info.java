/** What stands behind {@link io.nettoolkit.udp.RudpServer} and {@link io.nettoolkit.udp.RudpClient}. */
package io.nettoolkit.udp.internal.facade;
