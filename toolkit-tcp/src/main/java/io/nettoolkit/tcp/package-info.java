/** See the module. */
package io.nettoolkit.tcp;
