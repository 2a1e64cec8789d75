/** What a server knows, all of it read from the topics: each generation's index and encoder, and each user's latest features. */
@NullMarked
package dev.millrace.follow;

import org.jspecify.annotations.NullMarked;
