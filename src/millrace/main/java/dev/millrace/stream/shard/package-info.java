/** Several learners of one model, and the base that they share, on Kafka Streams. */
@NullMarked
package dev.millrace.stream.shard;

import org.jspecify.annotations.NullMarked;
