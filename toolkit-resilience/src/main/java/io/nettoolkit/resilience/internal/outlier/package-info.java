/** Not API: the inside of outlier detection. */
package io.nettoolkit.resilience.internal.outlier;
