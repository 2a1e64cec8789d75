/** The applications on Kafka Streams: topologies, processors, stores. */
@NullMarked
package dev.millrace.stream;

import org.jspecify.annotations.NullMarked;
