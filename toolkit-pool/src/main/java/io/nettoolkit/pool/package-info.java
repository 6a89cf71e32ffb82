/** Reserved for the pool module of Net Toolkit; no code has landed here yet. */
package io.nettoolkit.pool;
