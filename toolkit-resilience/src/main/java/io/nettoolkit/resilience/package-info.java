/** Reserved for the resilience module of Net Toolkit; no code has landed here yet. */
package io.nettoolkit.resilience;
