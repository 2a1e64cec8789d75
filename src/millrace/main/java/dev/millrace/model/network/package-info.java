/**
 * Networks of the towers: their shapes, and the kernels that compute them.
 */
@NullMarked
package dev.millrace.model.network;

import org.jspecify.annotations.NullMarked;
