/** Two towers and their embedding tables; one mini-batch, one learning step. */
@NullMarked
package dev.millrace.model;

import org.jspecify.annotations.NullMarked;
