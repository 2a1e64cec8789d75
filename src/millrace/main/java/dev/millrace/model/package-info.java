/** Two towers and their embedding tables. One mini-batch is one learning step. */
@NullMarked
package dev.millrace.model;

import org.jspecify.annotations.NullMarked;
