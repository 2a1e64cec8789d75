package dev.millrace.verify;

/**
 * An exposure as the audit keeps it.
 *
 * @param id of the exposure
 * @param user who saw it
 * @param time event time, epoch milliseconds
 * @param reached latest event time of its partition up to and with it
 */
record Shown(Name id, Name user, long time, long reached, long offset) {}
