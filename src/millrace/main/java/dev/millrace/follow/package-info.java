/** What a server knows: the index, the encoder and the latest users of each generation, all read from the topics. */
@NullMarked
package dev.millrace.follow;

import org.jspecify.annotations.NullMarked;
