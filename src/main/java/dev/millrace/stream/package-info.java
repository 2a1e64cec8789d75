/** All of Kafka: topologies, processors, stores, wire formats, the embedded broker, topic followers. */
@NullMarked
package dev.millrace.stream;

import org.jspecify.annotations.NullMarked;
