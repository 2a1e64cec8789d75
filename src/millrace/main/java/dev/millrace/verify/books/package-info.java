/** The audit of the counts: everything counted again from the topics, and compared with the books. */
@NullMarked
package dev.millrace.verify.books;

import org.jspecify.annotations.NullMarked;
