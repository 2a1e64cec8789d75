/** Products of matrices: on the heap with the same bits on any machine, or by ND4J's OpenBLAS. */
@NullMarked
package dev.millrace.model.engine;

import org.jspecify.annotations.NullMarked;
