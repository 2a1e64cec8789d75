/** What a cluster refuses, or cannot do: each names what was asked, and the rule. */
@NullMarked
package dev.millrace.topic.fault;

import org.jspecify.annotations.NullMarked;
