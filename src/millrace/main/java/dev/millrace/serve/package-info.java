/** The server: follows the topics, keeps what answers are made from, and answers over HTTP. */
@NullMarked
package dev.millrace.serve;

import org.jspecify.annotations.NullMarked;
