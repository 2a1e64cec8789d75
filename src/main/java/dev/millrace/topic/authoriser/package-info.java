/** What a cluster's authoriser allows and denies. */
@NullMarked
package dev.millrace.topic.authoriser;

import org.jspecify.annotations.NullMarked;
