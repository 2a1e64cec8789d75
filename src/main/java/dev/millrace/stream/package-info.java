/** Kafka Streams: topologies, processors, stores, and what runs them. */
@NullMarked
package dev.millrace.stream;

import org.jspecify.annotations.NullMarked;
