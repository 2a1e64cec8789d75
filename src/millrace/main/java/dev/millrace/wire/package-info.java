/**
 * Bytes and core values: what key and value of each topic's records mean, in Avro's single-object format or Confluent's. Generated
 * classes do not leave this package.
 */
@NullMarked
package dev.millrace.wire;

import org.jspecify.annotations.NullMarked;
