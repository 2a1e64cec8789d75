/** Producers' events over HTTP: read, checked, and handed to the brokers. */
@NullMarked
package dev.millrace.ingest;

import org.jspecify.annotations.NullMarked;
