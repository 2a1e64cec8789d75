/**
 * Kafka clients: reading, following and administering topics, and the embedded broker.
 */
@NullMarked
package dev.millrace.topic;

import org.jspecify.annotations.NullMarked;
