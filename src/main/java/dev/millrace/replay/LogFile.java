package dev.millrace.replay;

/**
 * A file of a log and what its rows mean.
 *
 * @param rows where they are
 * @param decoder what they mean
 */
record LogFile(RowFile rows, RowDecoder decoder) {}
