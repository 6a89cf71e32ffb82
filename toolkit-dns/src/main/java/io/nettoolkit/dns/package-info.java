/** Reserved for the dns module of Net Toolkit; no code has landed here yet. */
package io.nettoolkit.dns;
