/**
 * Networks of the towers: shapes, kernels and matrix products. The only package with native maths.
 */
@NullMarked
package dev.millrace.model.network;

import org.jspecify.annotations.NullMarked;
