/**
 * Bytes and core values: one codec for each kind of record, in Avro's single-object format or Confluent's.
 */
@NullMarked
package dev.millrace.wire;

import org.jspecify.annotations.NullMarked;
